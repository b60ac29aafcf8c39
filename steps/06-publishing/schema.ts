/** Where this step's tables and indexes are defined. Given. */
export const schemaFile = new URL("./schema.sql", import.meta.url);
