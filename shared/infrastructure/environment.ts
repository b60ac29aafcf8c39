/** The environment variables, with those of `.env` beneath them. */

import { existsSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "../../.env");
let isLoaded = false;

/** `process.env` once `.env` is read. What is set already, also to an empty string, stays as it is. */
export function environment(): NodeJS.ProcessEnv {
  if (!isLoaded && existsSync(file)) process.loadEnvFile(file);
  isLoaded = true;
  return process.env;
}
