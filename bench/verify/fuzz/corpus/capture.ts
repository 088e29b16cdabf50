import type { IncomingMessage } from 'node:http';

/** A request as an SDK client would send it, before it is signed. */
export interface CorpusRequest {
  /** `sqs SendMessage` */
  readonly name: string;
  /** Service of the SigV4 credential scope. */
  readonly signingName: string;
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What all SDK clients have in common, as far as it is used here. */
interface AnyClient {
  send(command: never): Promise<unknown>;
  destroy(): void;
}

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** Headers that a signature adds, or that tell one attempt from another. */
const SIGNED_LATER =
  /^(authorization|x-amz-date|x-amz-content-sha256|x-amz-security-token|amz-sdk-.*|host|content-length)$/i;

class Captured extends Error {}

/** Takes the requests of an SDK client off the wire, so that they can be damaged and signed anew. */
export class Capture {
  readonly settings: {
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: 1;
    readonly requestHandler: { handle(request: unknown): Promise<{ response: IncomingMessage }> };
  };
  #last: SdkRequest | undefined;

  constructor(region: string, endpoint: string) {
    this.settings = {
      region,
      endpoint,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-used' },
      maxAttempts: 1,
      requestHandler: {
        handle: async (request) => {
          this.#last = request as SdkRequest;
          throw new Captured();
        },
      },
    };
  }

  /** One request for each command, named by it. */
  async requests(
    signingName: string,
    client: AnyClient,
    commands: readonly { readonly constructor: { readonly name: string } }[],
  ): Promise<CorpusRequest[]> {
    const requests: CorpusRequest[] = [];
    for (const command of commands) {
      this.#last = undefined;
      await client.send(command as never).catch((error: unknown) => {
        if (!(error instanceof Captured)) throw error;
      });
      const sent = this.#last as SdkRequest | undefined;
      if (sent === undefined) throw new Error(`${command.constructor.name} sent nothing`);
      requests.push({
        name: `${signingName} ${command.constructor.name.replace(/Command$/, '')}`,
        signingName,
        method: sent.method,
        path: sent.path,
        query: sent.query,
        headers: Object.fromEntries(Object.entries(sent.headers).filter(([name]) => !SIGNED_LATER.test(name))),
        body: bytesOf(sent.body),
      });
    }
    client.destroy();
    return requests;
  }
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  // Byte by byte: the SDK's bodies take any method of a string for a mistake of the caller.
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new Error(`a body of type ${typeof body} cannot be captured`);
}
