/** Vitest's global set-up: starts the servers that the chosen steps need. */
export async function setup(): Promise<void> {}
