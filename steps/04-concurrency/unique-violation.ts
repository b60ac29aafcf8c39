/** Tells why PostgreSQL refused a row. */

const uniqueViolation = "23505";

/** True when `error` is the database's, about a row that is there already by this constraint. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === uniqueViolation &&
    "constraint" in error &&
    error.constraint === constraint
  );
}
