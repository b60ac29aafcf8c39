/**
 * The lab behind the page's buttons: what no command can do. It plugs into the composition by what that takes
 * anyway, the broker's address and `watch`, and changes nothing of the system's code. with-lab.ts has the order of
 * beginning and end. Given.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Route } from "../../shared/api/serve-api.ts";
import { startProxy } from "../../shared/infrastructure/proxy.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { createEventStream } from "../../shared/time-machine/event-stream.ts";
import { Refused, readOwn, sendJson } from "../../shared/time-machine/same-origin.ts";
import type { ReservationSystem } from "./composition.ts";
import { type Actions, labActions } from "./lab-actions.ts";
import { openLabBroker } from "./lab-broker.ts";
import { keepLooking } from "./lab-look.ts";
import { newestStreams } from "./lab-pipeline.ts";
import { createProjectorLab } from "./lab-projector.ts";
import { tailStore } from "./lab-tail.ts";
import { compareAll, type Verdict } from "./lab-verdict.ts";
import { openPool, type Servers } from "./parts.ts";
import type { Watch } from "./watch.ts";

export interface Lab {
  /** The broker, behind a line that can be cut. */
  readonly amqpUrl: string;
  readonly watch: Watch;
  readonly routes: readonly Route[];
  /** The system that the buttons are about. */
  attach(system: ReservationSystem): void;
  /** Lets go of all that is held, so that the system can end. Its routes answer no more. */
  release(): Promise<void>;
  /** Releases, and closes the line to the broker. */
  stop(): Promise<void>;
}

/** `amqpUrl` in `servers` is the broker itself. */
export async function openLab(servers: Servers): Promise<Lab> {
  const proxy = await startProxy(servers.amqpUrl);
  const pool = openPool(servers, 6, {}, "lab");
  const broker = openLabBroker(servers.amqpUrl, servers.topology);
  const stream = createEventStream({ onReader: () => looking.now() });
  let system: ReservationSystem | undefined;
  let comparing: Promise<Verdict> | undefined;
  let isCut = false;

  const travel = (place: string, event: EventEnvelope, more: object = {}): void => {
    const { id, streamId, version, type } = event;
    const position = event.position.toString();
    const at = Date.now();
    stream.tell("travel", { place, id, streamId, version, type, position, at, ...more });
  };
  const projector = createProjectorLab((event) => {
    travel("projected", event, { delivery: projector.deliveries(event.id) });
  });
  const watch: Watch = {
    ...projector.watch,
    onPublished: (event) => travel("published", event),
    onTrouble: (place, error) => stream.tell("trouble", { place, message: inShort(error) }),
  };
  const tail = tailStore(pool, (event) => {
    travel("stored", event, { at: Date.parse(event.recordedAt) });
  });

  const line = {
    cut: (): void => {
      isCut = true;
      proxy.takeDown();
    },
    join: (): void => {
      isCut = false;
      proxy.bringBack();
    },
    isCut: () => isCut,
  };
  const held = () => ({ paused: projector.isPaused(), cut: isCut, poisoned: projector.poisoned() });
  const looking = keepLooking(pool, broker, stream, held);
  const show = (name: string, data: unknown): void => stream.show(name, data);
  let actions: Actions = {};

  const act = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const wanted = await readOwn(request);
      const name = new URL(request.url ?? "/", "http://localhost").pathname.slice("/lab/".length);
      const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
      if (!action) throw new Refused(404, "There is no such experiment.");
      const result = await action(wanted);
      looking.now();
      sendJson(response, 200, result);
    } catch (error) {
      looking.now();
      if (error instanceof Refused)
        return sendJson(response, error.status, { error: error.message });
      stream.tell("trouble", { place: "lab", message: inShort(error) });
      sendJson(response, 500, { error: "The experiment has failed: see the log of the page." });
    }
  };

  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    actions = {};
    projector.mend();
    projector.resume();
    line.join();
    stream.close();
    await looking.stop();
    await tail.stop();
    await broker.close();
    await pool.end();
  };
  return {
    amqpUrl: proxy.url,
    watch,
    routes: [
      { method: "POST", path: "/lab/*", handle: act },
      {
        method: "GET",
        path: "/lab/pipeline",
        handle: (request, response, { signal }) => {
          // It has no end of its own: it ends with the server.
          signal.addEventListener("abort", () => response.end(), { once: true });
          stream.answer(request, response);
        },
      },
      {
        method: "GET",
        path: "/lab/streams",
        handle: async (_, response) => sendJson(response, 200, await newestStreams(pool)),
      },
      {
        method: "GET",
        path: "/lab/verdict",
        handle: async (_, response) => {
          if (!system) return sendJson(response, 503, {});
          // One at a time, however many ask.
          comparing ??= compareAll(pool, system.store).finally(() => {
            comparing = undefined;
          });
          sendJson(response, 200, await comparing);
        },
      },
    ],
    attach(attached) {
      system = attached;
      actions = labActions({ pool, broker, projector, line, system, watch, show });
    },
    release() {
      released ??= release().catch(() => undefined);
      return released;
    },
    async stop() {
      released ??= release().catch(() => undefined);
      await released;
      await proxy.stop();
    },
  };
}

function inShort(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, 300);
}
