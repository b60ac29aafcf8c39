/** Where this step's tables and indexes are defined, and those of the steps before it. Given. */

import { schemaFiles as earlier } from "../08-projections/schema.ts";

export const schemaFiles: readonly URL[] = [...earlier, new URL("./schema.sql", import.meta.url)];
