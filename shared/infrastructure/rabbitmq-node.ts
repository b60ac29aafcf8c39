/**
 * A private RabbitMQ from its programs. Erlang is started as `rabbitmq-server` starts it, but
 * without that script: it reads the settings of the machine's server, runs as one account only,
 * and needs a shell.
 */

import { join } from "node:path";
import { connect } from "amqplib";
import {
  type Home,
  type PrivateServer,
  randomPassword,
  startPrivateServer,
} from "./private-server.ts";

export interface RabbitPrograms {
  /** The folder of RabbitMQ that holds `plugins`. */
  readonly home: string;
  /** Erlang's machine, and the daemon in which its nodes find each other's ports. */
  readonly erl: string;
  readonly epmd: string;
}

/** What the nodes of a cluster share. */
export interface Membership {
  /** `workshop-2@localhost` */
  readonly name: string;
  /** By which nodes know that they may talk to each other. */
  readonly cookie: string;
  readonly password: string;
  /** Where the first one's epmd listens, and the first one's name; undefined for the first one itself. */
  readonly joins?: { readonly epmdPort: number; readonly node: string };
}

/** Starts a node of its own, with no plugins. Resolves to the reason where that fails. */
export function startRabbitNode(
  programs: RabbitPrograms,
  membership: Membership = {
    name: "workshop@localhost",
    cookie: randomPassword(),
    password: randomPassword(),
  },
  onPorts: (ports: { readonly epmdPort: number }) => void = () => undefined,
): Promise<PrivateServer | string> {
  const { password, joins } = membership;
  return startPrivateServer({
    title: "RabbitMQ",
    ports: 3,
    // Killed, 3.10 may forget a quorum queue that was declared a moment before.
    farewell: "SIGTERM",
    prepare: ({ path }) => {
      // RabbitMQ itself hands its folders to shells, to ask for free space or to read settings.
      const [odd] = /[^\p{L}\p{N} ._~:/\\@+,=-]/u.exec(path) ?? [];
      if (odd !== undefined) throw new Error(`no ${odd} may be in the path of its files, ${path}`);
    },
    programs: (home, [port = 0, distributionPort = 0, ownEpmdPort = 0]) => {
      const epmdPort = joins?.epmdPort ?? ownEpmdPort;
      onPorts({ epmdPort });
      const settings = settingsIn(home, programs.home, port, membership);
      const env = {
        ...settings,
        RABBITMQ_DIST_PORT: String(distributionPort),
        ERL_EPMD_PORT: String(epmdPort),
        ERL_EPMD_ADDRESS: "127.0.0.1",
      };
      const epmd = {
        file: programs.epmd,
        args: ["-address", "127.0.0.1", "-port", String(epmdPort)],
        env,
      };
      return [...(joins ? [] : [epmd]), { file: programs.erl, args: machineArguments, env }];
    },
    url: ([port]) => `amqp://workshop:${password}@127.0.0.1:${port}`,
    greet: async (url) => {
      const connection = await connect(url, { timeout: 2_000 });
      await connection.close();
    },
  });
}

/** What `rabbitmq-server` hands to Erlang, and the last: other nodes are met on loopback only. */
const machineArguments = [
  ...["-noinput", "-s", "rabbit", "boot", "-boot", "start_sasl"],
  ...["+W", "w", "+P", "1048576", "+t", "5000000"],
  ...["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"],
  ...["-syslog", "logger", "[]", "-syslog", "syslog_error_logger", "false"],
  ...["-kernel", "prevent_overlapping_partitions", "false"],
  ...["-kernel", "inet_dist_use_interface", "{127,0,0,1}"],
];

/** The environment of the node. Each file that it would look for under /etc is named here instead. */
function settingsIn(
  home: Home,
  rabbitHome: string,
  port: number,
  { name, cookie, password, joins }: Membership,
): NodeJS.ProcessEnv {
  home.write(".erlang.cookie", cookie);
  const configuration = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    "default_user = workshop",
    `default_pass = ${password}`,
    "log.file = false",
    "log.console = true",
    "log.console.level = error",
    ...(joins
      ? [
          "cluster_formation.peer_discovery_backend = classic_config",
          `cluster_formation.classic_config.nodes.1 = ${joins.node}`,
        ]
      : []),
    "",
  ];
  // Erlang finds its cookie, its temporary files and nothing else of the user's.
  const { PATH, SystemRoot } = process.env;
  return {
    ...(PATH !== undefined && { PATH }),
    ...(SystemRoot !== undefined && { SystemRoot }),
    ...{ HOME: home.path, HOMEDRIVE: "", HOMEPATH: home.path, LANG: "C.UTF-8" },
    ERL_LIBS: join(rabbitHome, "plugins"),
    ERL_CRASH_DUMP_SECONDS: "0",
    RABBITMQ_HOME: rabbitHome,
    RABBITMQ_NODENAME: name,
    RABBITMQ_MNESIA_BASE: join(home.path, "mnesia"),
    RABBITMQ_LOG_BASE: join(home.path, "log"),
    RABBITMQ_CONF_ENV_FILE: home.write("environment.conf", ""),
    RABBITMQ_CONFIG_FILE: home.write("rabbitmq.conf", configuration.join("\n")),
    RABBITMQ_CONFIG_FILES: join(home.path, "conf.d"),
    RABBITMQ_ADVANCED_CONFIG_FILE: home.write("advanced.config", "[].\n"),
    RABBITMQ_ENABLED_PLUGINS_FILE: home.write("enabled_plugins", "[].\n"),
  };
}
