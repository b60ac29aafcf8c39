/** The embedded broker in a process of its own. Sends its URL to its parent, and ends with it. */

import { startBroker } from "../shared/broker/broker.ts";

const broker = await startBroker();
process.once("disconnect", () => void broker.stop());
process.send?.(broker.url);
