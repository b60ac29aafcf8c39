/** The step's schema, after those of the steps before it. */

import { schemaFiles as earlier } from "../03-event-store/schema.ts";

export const schemaFiles: readonly URL[] = [...earlier, new URL("./schema.sql", import.meta.url)];
