/** A client of the API over kept-alive connections: what one request costs here is not what is measured. */

import { Agent, type ClientRequest, request } from "node:http";

export interface ApiClient {
  /**
   * The `data` of the answer.
   * @throws NoAnswer when there is none: whether the command was stored is then unknown
   */
  ask(query: string, variables: object): Promise<unknown>;
  close(): void;
}

/** There is no answer, or one that is none: ask again, with the same command id. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** @param urls one API or several, asked in turn */
export function openApiClient(urls: readonly string[], timeout = 15_000): ApiClient {
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  return {
    async ask(query, variables) {
      turn += 1;
      const url = urls[turn % urls.length] ?? "";
      const text = await post(agent, url, JSON.stringify({ query, variables }), timeout);
      const { data, errors } = JSON.parse(text) as { data?: unknown; errors?: unknown };
      if (data === undefined || data === null || errors !== undefined) throw new NoAnswer(text);
      return data;
    },
    close: () => agent.destroy(),
  };
}

function post(agent: Agent, url: string, body: string, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: Error): void => reject(new NoAnswer(why.message));
    const sent: ClientRequest = request(
      `${url}/graphql`,
      { method: "POST", agent, timeout, headers: { "content-type": "application/json" } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("close", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (response.complete && response.statusCode === 200) resolve(text);
          else fail(new Error(`${response.statusCode} ${text.slice(0, 200)}`));
        });
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no answer in ${timeout} ms`)));
    sent.on("error", fail);
    sent.end(body);
  });
}
