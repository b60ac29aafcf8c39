/** Where this step's tables and indexes are defined, and those of the steps before it. Given. */

import { schemaFiles as earlier } from "../04-concurrency/schema.ts";

export const schemaFile = new URL("./schema.sql", import.meta.url);

export const schemaFiles: readonly URL[] = [...earlier, schemaFile];
