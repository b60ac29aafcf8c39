/** Commands that the guided mode runs: there the learner has keys instead of them. */

const name = "WORKSHOP_GUIDED";

/** The environment of a command that the guided mode runs. */
export function guidedEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, [name]: "1" };
}

export function isGuided(): boolean {
  return process.env[name] !== undefined;
}
