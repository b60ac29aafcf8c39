/** Where the step's schema is, for those who install it. */
export const schemaFile = new URL("./schema.sql", import.meta.url);

export const schemaFiles: readonly URL[] = [schemaFile];
