/** What a process of the demo loads first, where the demo runs on the learner's code. */

import { register } from "node:module";

const solved = (process.env.WORKSHOP_MINE ?? "").split(",");
register("./mine-hook.ts", import.meta.url, { data: { solved } });
