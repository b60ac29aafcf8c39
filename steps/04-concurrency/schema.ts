/** Where the step's schema is, for those who install it after step 03's. */
export const schemaFile = new URL("./schema.sql", import.meta.url);
