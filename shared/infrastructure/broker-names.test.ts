import { describe, expect, inject, it } from "vitest";
import { brokerNames } from "./broker-names.ts";
import type { LedgerEntry } from "./ledger.ts";
import type { Run } from "./run.ts";

const server = inject("rabbitmq");
const nowhere = { url: "", isPrivate: false };

function run() {
  const noted = new Set<LedgerEntry>();
  const ofTest: Run = {
    id: "abcdef",
    ledger: "",
    notices: [],
    newName: () => "workshop_abcdef_1_1_1",
    note(entry) {
      noted.add(entry);
      return () => noted.delete(entry);
    },
  };
  // What is made on a private server is not noted, as it goes with it.
  const shared = { ...("url" in server ? server : nowhere), isPrivate: false };
  const names = brokerNames(ofTest, shared);
  names.register("queue", ["workshop-abcdef-1-1-1.queue"]);
  names.register("exchange", ["workshop-abcdef-1-1-1.exchange"]);
  return { names, noted };
}

describe.runIf("url" in server)("names that were deleted", () => {
  it("are noted no more", async () => {
    const { names, noted } = run();
    expect(noted.size, "before").toBe(2);
    await names.deleteAll();
    expect(noted.size, "after").toBe(0);
  });

  it("stay noted where somebody may make them again", async () => {
    const { names, noted } = run();
    await names.deleteAll({ staysNoted: true });
    expect(noted.size).toBe(2);
  });
});
