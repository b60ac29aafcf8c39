/** How the broker refuses: the reply codes of the specification (1.2), and which of them cost the connection. */

const replyCodes = {
  CONTENT_TOO_LARGE: 311,
  NO_ROUTE: 312,
  CONNECTION_FORCED: 320,
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
  FRAME_ERROR: 501,
  SYNTAX_ERROR: 502,
  COMMAND_INVALID: 503,
  CHANNEL_ERROR: 504,
  UNEXPECTED_FRAME: 505,
  RESOURCE_ERROR: 506,
  NOT_ALLOWED: 530,
  NOT_IMPLEMENTED: 540,
  INTERNAL_ERROR: 541,
} as const;

export type ReplyName = keyof typeof replyCodes;

/** What ends a channel or, where the specification calls the error hard, the connection. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: number;
  readonly endsConnection: boolean;
  /** Class and method id, in one number, of the method that failed; 0 for none. */
  method = 0;

  constructor(reply: ReplyName, explanation: string) {
    super(`${reply} - ${explanation}`);
    this.code = replyCodes[reply];
    this.endsConnection = this.code === replyCodes.CONNECTION_FORCED || this.code > 500;
  }
}

/** What a close method says: why, and at which method. */
export function closeArguments(error: ProtocolError): {
  readonly replyCode: number;
  readonly replyText: string;
  readonly classId: number;
  readonly methodId: number;
} {
  return {
    replyCode: error.code,
    // No short string is longer.
    replyText: error.message.slice(0, 255),
    classId: error.method >>> 16,
    methodId: error.method & 0xffff,
  };
}
