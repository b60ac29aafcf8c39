/** Sends an answer at the reader's pace. Who does not read is cut off, so that nothing heaps up here. */

import type { ServerResponse } from "node:http";

/** The reader took nothing of what was ready for it. */
export class SlowReader extends Error {
  override readonly name = "SlowReader";

  constructor(milliseconds: number) {
    super(`The reader took nothing for ${milliseconds} ms, and was cut off.`);
  }
}

/**
 * Writes the answer; what it comes from is asked for more when the reader has taken what there was.
 * @throws SlowReader
 */
export async function sendResponse(
  response: ServerResponse,
  { status, headers, body }: Response,
  slowReader: number,
): Promise<void> {
  headers.forEach((value, name) => {
    response.setHeader(name, value);
  });
  response.writeHead(status);
  if (!body) {
    response.end();
    return;
  }
  // Whoever subscribes sees that it works before the first event.
  response.flushHeaders();
  const reader = body.getReader();
  const left = new Promise<undefined>((resolve) => {
    response.once("close", () => resolve(undefined));
  });
  try {
    for (;;) {
      const chunk = await Promise.race([reader.read(), left]);
      if (chunk === undefined || chunk.done) break;
      if (!response.write(chunk.value)) await drained(response, slowReader);
      if (response.destroyed) break;
    }
    response.end();
  } finally {
    // Not awaited: a source that waits for something ends by its signal.
    void reader.cancel().catch(() => undefined);
  }
}

function drained(response: ServerResponse, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      response.off("drain", done).off("close", done);
      resolve();
    };
    const timer = setTimeout(() => {
      response.off("drain", done).off("close", done);
      response.destroy();
      reject(new SlowReader(milliseconds));
    }, milliseconds);
    response.once("drain", done).once("close", done);
  });
}
