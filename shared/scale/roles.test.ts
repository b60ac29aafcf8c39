/** The system in several processes, each of which is killed while commands come in. */

import { describe, expect, it, vi } from "vitest";
import { parseRoles } from "../../solutions/13-cqrs-demo/roles.ts";
import { identityOf } from "../infrastructure/process-identity.ts";
import { judge } from "./judge.ts";
import { startTraffic } from "./traffic.ts";
import { withRoles } from "./with-roles.ts";

// Eight processes start, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

describe("two processes of each role, each killed in turn while commands come in", () => {
  it("lose no acknowledged command, do nothing twice, and the read model is the replay", async () => {
    const pids: number[] = [];
    await withRoles(
      parseRoles("api*2,relay*2,projector*2,saga*2"),
      async ({ fleet, urls, pool }) => {
        const stop = new AbortController();
        const traffic = startTraffic({ urls, seed: 1, clients: 4, until: stop.signal });
        const more = async (): Promise<void> => {
          const enough = traffic.acknowledged() + 40;
          await expect.poll(traffic.acknowledged, { timeout: 30_000 }).toBeGreaterThan(enough);
        };
        for (const member of fleet.members) {
          await more();
          const pid = member.pid() ?? 0;
          pids.push(pid);
          process.kill(pid, "SIGKILL");
          await expect.poll(member.starts, { timeout: 30_000 }).toBe(2);
        }
        await fleet.ready();
        await more();
        stop.abort();
        const sent = await traffic.ended;
        const { events, ...verdict } = await judge(pool, sent);

        expect(sent.acknowledged.length).toBeGreaterThan(350);
        expect(sent.booked.length).toBeGreaterThan(5);
        expect(verdict).toEqual({
          lost: [],
          doubled: [],
          differences: [],
          notConserved: undefined,
        });
        expect(events).toBeGreaterThan(sent.acknowledged.length);
        pids.push(...fleet.members.map((member) => member.pid() ?? 0));
      },
    );
    expect(pids).toHaveLength(16);
    expect(pids.filter((pid) => identityOf(pid) !== undefined)).toEqual([]);
  });
});
