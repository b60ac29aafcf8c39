/** The commands of the documents that no other learner has typed: each is typed in a fresh clone. */

import { commandsToTry } from "../document-commands.ts";
import { documents } from "../documents.ts";
import { expectSaid, Fault } from "./fault.ts";
import type { Station } from "./station.ts";

/** `typed` are all commands that learners have typed so far. */
export function documentedCommands(typed: ReadonlySet<string>): Station {
  return {
    name: "the commands of the documents that nobody has typed yet",
    async visit(learner) {
      for (const { command, code } of commandsToTry(documents(learner.root))) {
        if (typed.has(command)) continue;
        if (code === undefined) throw new Fault(`a learner on their way types ${command}`);
        expectSaid(await learner.types(command), { code });
      }
    },
  };
}
