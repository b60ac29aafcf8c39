/** Where a behaviour is written down. */

export interface Source {
  readonly label: string;
  readonly url: string;
}

/** A section of the specification of AMQP 0-9-1. */
export function spec(section: string): Source {
  return {
    label: `AMQP 0-9-1, ${section}`,
    url: "https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf",
  };
}

/** A method in the specification's reference, with RabbitMQ's extensions marked there. */
export function method(name: `${string}.${string}`): Source {
  return {
    label: `AMQP 0-9-1, ${name}`,
    url: `https://www.rabbitmq.com/amqp-0-9-1-reference#${name}`,
  };
}

/** A page of RabbitMQ's documentation, perhaps with a heading: `dlx#effects`. */
export function docs(page: string): Source {
  return { label: `RabbitMQ, ${page}`, url: `https://www.rabbitmq.com/docs/${page}` };
}
