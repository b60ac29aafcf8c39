import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { climb, describeInfrastructure, type Rung, whatWasPassedOver } from "./ladder.ts";

const absent = (name: Rung["name"]): Rung => ({ name, start: async () => `no ${name} here` });
const present = (name: Rung["name"]): Rung => ({
  name,
  start: async () => ({ url: name, label: name, isPrivate: false, stop: async () => {} }),
});

beforeEach(() => {
  vi.stubEnv("WORKSHOP_INFRA", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("what a run says of its servers", () => {
  it("is where they came from, and why not from elsewhere, save from a URL that nobody set", async () => {
    const unset: Rung = { name: "urls", start: async () => "AMQP_URL is not set" };
    await climb("postgres", [unset, absent("local"), present("docker")], "");

    // Other tests of this process may have had servers, too.
    expect(describeInfrastructure().split(" · ")).toContain("docker");
    expect(whatWasPassedOver()).toContain("local: no local here");
    expect(whatWasPassedOver().join()).not.toContain("AMQP_URL is not set");
  });
});

describe("the ladder", () => {
  it("takes the first place that works and says why it passed over the others", async () => {
    const rungs = [absent("urls"), absent("local"), present("docker"), present("embedded")];

    const service = await climb("postgres", rungs, "");

    expect(service).toMatchObject({
      url: "docker",
      passedOver: ["urls: no urls here", "local: no local here"],
    });
  });

  it("tries only the place that WORKSHOP_INFRA names", async () => {
    vi.stubEnv("WORKSHOP_INFRA", "embedded");

    const service = await climb("postgres", [present("local"), present("embedded")], "");

    expect(service).toMatchObject({ url: "embedded", passedOver: [] });
  });

  it("refuses a WORKSHOP_INFRA that it does not know", async () => {
    vi.stubEnv("WORKSHOP_INFRA", "cloud");

    await expect(climb("postgres", [present("local")], "")).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringContaining('"cloud"; it must be one of urls, local, docker,'),
    });
  });

  it("says what to do and what it has tried when nothing works", async () => {
    const climbed = climb("rabbitmq", [absent("urls"), absent("local")], "Get one thus.");

    await expect(climbed).rejects.toMatchObject({
      name: "InfrastructureMissing",
      service: "rabbitmq",
      message: "Get one thus.\nTried:\n  - urls: no urls here\n  - local: no local here",
    });
  });

  it("says so when the forced place is none of this service's", async () => {
    vi.stubEnv("WORKSHOP_INFRA", "embedded");

    await expect(climb("rabbitmq", [present("local")], "Get one.")).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringContaining("embedded: not offered for rabbitmq"),
    });
  });
});
