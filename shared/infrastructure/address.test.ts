import { describe, expect, it } from "vitest";
import { reasonOf, withoutPassword } from "./address.ts";

describe("a server's address", () => {
  it("is shown without its password and its parameters", () => {
    const shown = withoutPassword("postgres://ada:s3cret@db.example:5433/shop?password=s3cret");

    expect(shown).toBe("postgres://ada@db.example:5433/shop");
  });

  it("is not shown at all when it cannot be read, as the password may be anywhere in it", () => {
    expect(withoutPassword("postgres//ada:s3cret@db")).toBe("(not a URL)");
  });

  it.each(["12/s3cret", "/s3cret", "12?s3cret", "12#s3cret"])(
    "is not shown where a password with a bare %s would end up beside its place",
    (password) => {
      expect(withoutPassword(`postgres://ada:${password}@db/shop`)).toBe("(not a URL)");
      expect(withoutPassword(`amqp://ada:${encodeURIComponent(password)}@db/shop`)).toBe(
        "amqp://ada@db/shop",
      );
    },
  );

  it("may have no account at all", () => {
    expect(withoutPassword("amqp://broker.example")).toBe("amqp://broker.example");
  });
});

describe("the reason of a failed connection", () => {
  it("has the password taken out, written in the URL or decoded", () => {
    const error = new Error("refused ada:s%20ecret and ada:s ecret");

    expect(reasonOf(error, "postgres://ada:s%20ecret@db/shop")).toBe("refused ada:*** and ada:***");
  });

  it("names every address that was tried", () => {
    const error = new AggregateError([new Error("no ::1"), new Error("no 127.0.0.1")]);

    expect(reasonOf(error, "amqp://localhost")).toBe("no ::1, no 127.0.0.1");
  });
});
