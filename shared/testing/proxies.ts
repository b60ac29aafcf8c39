/** Proxies before the servers of a test. */

import { afterEach } from "vitest";
import { startProxy, type TcpProxy } from "../infrastructure/proxy.ts";

/**
 * Starts proxies, and stops them after the test. Call it at the top of the file, before what is to end
 * while they still run: Vitest's hooks after a test run last to first.
 */
export function useProxies(): { before(url: string): Promise<TcpProxy> } {
  const proxies: TcpProxy[] = [];
  afterEach(async () => {
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  });
  return {
    async before(url) {
      const proxy = await startProxy(url);
      proxies.push(proxy);
      return proxy;
    },
  };
}
