/** RabbitMQ, on its port and by AMQP_URL: its version, and whether it lets us in. */

import { isAddress, reasonOf, withoutPassword } from "../infrastructure/address.ts";
import { type Finding, fine, notable, stopping, type World } from "./doctor-finding.ts";
import { greetRabbitMQ } from "./doctor-greeting.ts";
import { firstPlace, freePort, takenPort } from "./doctor-port.ts";

/** What listens on RabbitMQ's port. */
export async function lookAtRabbitPort(world: World): Promise<readonly Finding[]> {
  const port = world.ports.rabbitmq;
  const about = `port ${port}`;
  const greeting = await greetRabbitMQ(port);
  if (greeting.kind === "nobody") return [freePort(port)];
  if (greeting.kind === "stranger") return takenPort(world, port, "RabbitMQ");
  const counts = firstPlace(world, "AMQP_URL") === "local";
  const { product, version = "" } = greeting;
  const old = tooOld(product, version, about, counts);
  if (old) return [old];
  const refused = await whyNotIn(`amqp://guest:guest@127.0.0.1:${port}`);
  if (typeof refused !== "string") return [fine(about, `${product} ${version}`)];
  const remedy = "a run goes on without it; to use it, name an account in AMQP_URL (.env.example)";
  return [notable(about, `${product} ${version}, but ${refused}`, remedy)];
}

/** The server of AMQP_URL; no finding where that is not set. */
export async function lookAtAmqpUrl(world: World): Promise<readonly Finding[]> {
  const url = world.env.AMQP_URL ?? "";
  if (url === "") return [];
  const about = "AMQP_URL";
  const counts = firstPlace(world, about) === "urls";
  const outcome = await whyNotIn(url);
  if (typeof outcome === "string") {
    const found = `${withoutPassword(url)}: ${outcome}`;
    return [
      (counts ? stopping : notable)(about, found, "start that server, or correct or unset it"),
    ];
  }
  const { product, version } = outcome;
  return [tooOld(product, version, about, counts) ?? fine(about, `${product} ${version}`)];
}

/** A run does not look at the version, so an old RabbitMQ is in the way where it comes first. */
function tooOld(
  product: string,
  version: string,
  about: string,
  counts: boolean,
): Finding | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (product !== "RabbitMQ" || major > 3 || (major === 3 && minor >= 10)) return undefined;
  const found = `RabbitMQ ${version}; the workshop needs 3.10 or newer`;
  const remedy =
    "update it, or set WORKSHOP_INFRA=embedded in .env for a broker that is brought along";
  return (counts ? stopping : notable)(about, found, remedy);
}

/** The server that has let us in, or why it has not. */
async function whyNotIn(
  url: string,
): Promise<{ readonly product: string; readonly version: string } | string> {
  if (!/^amqps?:\/\//.test(url) || !isAddress(url)) {
    return "it is no amqp:// URL; a password writes / ? # @ as %2F %3F %23 %40";
  }
  // Only here: the doctor has to say so where this package is missing.
  const { connect } = await import("amqplib");
  const { whyNoQueues } = await import("../infrastructure/working-queues.ts");
  try {
    const connection = await connect(url, { timeout: 5_000 });
    const { product, version } = connection.connection.serverProperties;
    const reason = await whyNoQueues(connection, url);
    await connection.close().catch(() => {}); // what cannot be used may have closed it
    return reason ?? { product, version };
  } catch (error) {
    return reasonOf(error, url);
  }
}
