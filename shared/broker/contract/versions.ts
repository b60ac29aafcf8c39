/** Where RabbitMQ's versions behave differently, in what this contract tests. */

export interface VersionDifference {
  /** The first version that behaves so: `4.3`. */
  readonly since: string;
  readonly behaviour: string;
  readonly source: string;
}

const notes = "https://github.com/rabbitmq/rabbitmq-server/blob/main/release-notes";

export const versionDifferences = {
  defaultDeliveryLimit: {
    since: "4.0",
    behaviour: "A quorum queue without a limit gives a message up after 20 returns.",
    source: `${notes}/4.0.1.md`,
  },
  publishedDeathsIgnored: {
    since: "4.0",
    behaviour: "The x-death header of a message that a client publishes does not count any more.",
    source: `${notes}/4.0.1.md`,
  },
  sixteenMebibytes: {
    since: "4.0",
    behaviour: "A message may have 16 MiB unless the server is configured otherwise; 128 before.",
    source: `${notes}/4.0.1.md`,
  },
  largerFrames: {
    since: "4.1",
    behaviour: "A client may not ask for frames below 8,192 octets; 4,096 before.",
    source: `${notes}/4.1.0.md`,
  },
  nackIsNoFailure: {
    since: "4.3",
    behaviour:
      "basic.nack does not count towards a quorum queue's delivery limit; basic.reject does.",
    source: "https://github.com/rabbitmq/rabbitmq-server/discussions/18226",
  },
  globalPrefetchRefused: {
    since: "4.3",
    behaviour: "basic.qos with global is refused unless the server is configured otherwise.",
    source: `${notes}/4.3.0.md`,
  },
  transientQueuesRefused: {
    since: "4.3",
    behaviour: "A queue that is neither durable nor exclusive is refused.",
    source: `${notes}/4.3.0.md`,
  },
} as const satisfies Readonly<Record<string, VersionDifference>>;

export type VersionDifferenceName = keyof typeof versionDifferences;

/** Whether a server of this version behaves in the newer way. */
export function behavesSo(difference: VersionDifferenceName, version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [sinceMajor = 0, sinceMinor = 0] = versionDifferences[difference].since
    .split(".")
    .map(Number);
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}
