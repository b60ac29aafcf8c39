/** The virtual host: all exchanges and queues, and the routes between them. */

import { randomBytes } from "node:crypto";
import { type DeathReason, deadMessage, isCycle } from "./dead-letter.ts";
import {
  type Binding,
  checkBinding,
  destinationsOf,
  type Exchange,
  type ExchangeDeclaration,
  exchangeTypes,
  findBinding,
  newExchange,
} from "./exchange.ts";
import { emptyTable, textIn } from "./field-table.ts";
import { Memory } from "./memory.ts";
import type { Message } from "./message.ts";
import { Queue, type QueueDeclaration, type QueueHost } from "./queue.ts";
import {
  checkArgument,
  checkProperty,
  checkQueueArguments,
  readQueueArguments,
} from "./queue-arguments.ts";
import { ProtocolError } from "./reply-codes.ts";

/** More routes than these are not remembered, so that ever new routing keys do not fill the memory. */
const mostRoutes = 10_000;

export class VirtualHost implements QueueHost {
  readonly exchanges = new Map<string, Exchange>();
  readonly queues = new Map<string, Queue>();
  readonly memory: Memory;

  constructor(memoryLimit: number, onMemoryChange: (isLow: boolean) => void) {
    this.memory = new Memory(memoryLimit, onMemoryChange);
    const declared = { durable: true, autoDelete: false, internal: false, arguments: emptyTable };
    for (const type of exchangeTypes) {
      this.exchanges.set(`amq.${type}`, newExchange(`amq.${type}`, { ...declared, type }));
    }
    this.exchanges.set("amq.match", newExchange("amq.match", { ...declared, type: "headers" }));
    this.exchanges.set("", newExchange("", { ...declared, type: "direct" }));
  }

  exchange(name: string): Exchange {
    const exchange = this.exchanges.get(name);
    if (exchange) return exchange;
    throw new ProtocolError("NOT_FOUND", `no ${exchangeText(name)}`);
  }

  declareExchange(name: string, declaration: ExchangeDeclaration): void {
    const existing = this.exchanges.get(name);
    if (!existing) {
      this.exchanges.set(name, newExchange(name, declaration));
      // It may be the alternate of another, or what dead letters wait for.
      this.#routesChanged();
      return;
    }
    const described = exchangeText(name);
    checkProperty("type", existing.type, declaration.type, described);
    checkProperty("durable", existing.durable, declaration.durable, described);
    checkProperty("auto_delete", existing.autoDelete, declaration.autoDelete, described);
    checkProperty("internal", existing.internal, declaration.internal, described);
    checkArgument("alternate-exchange", existing.arguments, declaration.arguments, described);
  }

  deleteExchange(name: string): void {
    const exchange = this.exchanges.get(name);
    if (!exchange) return;
    this.exchanges.delete(name);
    exchange.bindings.length = 0;
    this.#unbindAllTo(exchange);
  }

  /** The queue, if the connection may use it. */
  queue(name: string, connection: object): Queue {
    const queue = this.queues.get(name);
    if (!queue) throw new ProtocolError("NOT_FOUND", `no ${queueText(name)}`);
    const { owner } = queue.declaration;
    if (owner !== undefined && owner !== connection) throw locked(name);
    return queue;
  }

  /** Makes the queue, or checks that it is there as declared. An empty name asks for one. */
  declareQueue(name: string, declaration: QueueDeclaration): Queue {
    const existing = this.queues.get(name);
    const described = queueText(name);
    if (existing) {
      const current = existing.declaration;
      if (current.owner !== declaration.owner) throw locked(name);
      checkProperty("durable", current.durable, declaration.durable, described);
      checkProperty("auto_delete", current.autoDelete, declaration.autoDelete, described);
      checkQueueArguments(current.arguments, declaration.arguments, described);
      existing.used();
      return existing;
    }
    const settings = readQueueArguments(declaration.arguments, described);
    if (settings.type === "quorum") checkQuorum(declaration, described);
    const given = name === "" ? `amq.gen-${randomBytes(16).toString("base64url")}` : name;
    const queue = new Queue(given, declaration, settings, this);
    this.queues.set(given, queue);
    this.#routesChanged();
    return queue;
  }

  /** Returns how many messages waited in it. */
  deleteQueue(queue: Queue): number {
    if (!this.queues.delete(queue.name)) return 0;
    this.#unbindAllTo(queue);
    return queue.delete();
  }

  bind(source: Exchange, binding: Binding): void {
    checkBinding(source, binding.arguments);
    if (findBinding(source, binding)) return;
    source.bindings.push(binding);
    this.#routesChanged();
  }

  unbind(source: Exchange, wanted: Binding): void {
    const binding = findBinding(source, wanted);
    if (!binding) return;
    source.bindings.splice(source.bindings.indexOf(binding), 1);
    this.#routesChanged();
    this.#deleteIfUnused(source);
  }

  /** The queues that the message goes to. */
  route(exchange: Exchange, message: Message): readonly Queue[] {
    const { routes } = exchange;
    const isPlain = message.carbonCopies.length === 0;
    const known = isPlain ? routes.get(message.routingKey) : undefined;
    if (known) return known;
    const search = new RouteSearch(this, message);
    search.visit(exchange);
    const found = [...search.queues];
    if (isPlain && !search.readsHeaders) {
      if (routes.size >= mostRoutes) routes.clear();
      routes.set(message.routingKey, found);
    }
    return found;
  }

  keep(octets: number): void {
    this.memory.keep(octets);
  }

  free(octets: number): void {
    this.memory.free(octets);
  }

  deadLetter(queue: Queue, message: Message, reason: DeathReason): boolean {
    const { deadLetterExchange, deadLetterRoutingKey, isDeadLetteredAtLeastOnce } = queue.settings;
    if (deadLetterExchange === undefined) return true;
    const exchange = this.exchanges.get(deadLetterExchange);
    if (!exchange) return !isDeadLetteredAtLeastOnce;
    const dead = deadMessage(message, queue.name, reason, deadLetterExchange, deadLetterRoutingKey);
    const routed = this.route(exchange, dead);
    if (routed.length === 0) return !isDeadLetteredAtLeastOnce;
    for (const target of routed) {
      if (!isCycle(dead, target)) target.publish(dead);
    }
    return true;
  }

  queueExpired(queue: Queue): void {
    this.deleteQueue(queue);
  }

  /** Ends all timers. */
  close(): void {
    for (const queue of this.queues.values()) queue.close();
  }

  #unbindAllTo(destination: Queue | Exchange): void {
    for (const source of [...this.exchanges.values()]) {
      const kept = source.bindings.filter((binding) => binding.destination !== destination);
      if (kept.length === source.bindings.length) continue;
      source.bindings.splice(0, source.bindings.length, ...kept);
      this.#deleteIfUnused(source);
    }
    this.#routesChanged();
  }

  #deleteIfUnused(exchange: Exchange): void {
    if (exchange.autoDelete && exchange.bindings.length === 0) this.deleteExchange(exchange.name);
  }

  #routesChanged(): void {
    for (const { routes } of this.exchanges.values()) routes.clear();
    for (const queue of this.queues.values()) queue.retryDeadLetters();
  }
}

class RouteSearch {
  readonly queues = new Set<Queue>();
  readsHeaders = false;
  readonly #host: VirtualHost;
  readonly #message: Message;
  readonly #keys: readonly string[];
  readonly #seen = new Set<Exchange>();

  constructor(host: VirtualHost, message: Message) {
    this.#host = host;
    this.#message = message;
    this.#keys = [message.routingKey, ...message.carbonCopies];
  }

  visit(exchange: Exchange): void {
    if (this.#seen.has(exchange)) return;
    this.#seen.add(exchange);
    if (exchange.type === "headers") this.readsHeaders = true;
    const destinations =
      exchange.name === ""
        ? this.#keys.flatMap((key) => this.#host.queues.get(key) ?? [])
        : destinationsOf(exchange, this.#keys, this.#message);
    for (const destination of destinations) {
      if (destination instanceof Queue) this.queues.add(destination);
      else this.visit(destination);
    }
    if (destinations.length > 0) return;
    const alternate = this.#host.exchanges.get(
      textIn(exchange.arguments.get("alternate-exchange")) ?? exchange.name,
    );
    if (alternate) this.visit(alternate);
  }
}

export function exchangeText(name: string): string {
  return `exchange '${name}' in vhost '/'`;
}

export function queueText(name: string): string {
  return `queue '${name}' in vhost '/'`;
}

function locked(name: string): ProtocolError {
  return new ProtocolError(
    "RESOURCE_LOCKED",
    `cannot obtain exclusive access to locked ${queueText(name)}. It could be originally declared on another ` +
      "connection or the exclusive property value does not match that of the original declaration.",
  );
}

function checkQuorum(declaration: QueueDeclaration, described: string): void {
  const wrong = !declaration.durable
    ? "non-durable"
    : declaration.owner !== undefined
      ? "exclusive-owner"
      : declaration.autoDelete
        ? "auto-delete"
        : undefined;
  if (wrong === undefined) return;
  throw new ProtocolError("PRECONDITION_FAILED", `invalid property '${wrong}' for ${described}`);
}
