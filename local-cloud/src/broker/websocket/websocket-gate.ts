import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { AwsError } from '../../core/errors.ts';
import { httpAuthentication } from '../../core/http/custom-authentication.ts';
import { readHead, sourceIpOf } from '../../core/http/request-head.ts';
import { sha256Hex } from '../../core/http/sigv4/canonical-request.ts';
import { SignatureVerifier } from '../../core/http/sigv4/signature-verifier.ts';
import { claimedService } from '../../core/http/sigv4/signed-request.ts';
import type { RequestHead } from '../../core/http/wire.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Client } from '../client.ts';
import { byCustomAuthentication, bySignature, type Identify } from '../credentials.ts';
import type { Transport } from '../transport.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** Service of the credential scope (developer guide, `protocols`; AWS IoT device SDKs). */
const SIGNING_NAME = 'iotdevicegateway';
/** [MQTT-6.0.0-3] */
const SUBPROTOCOL = 'mqtt';
/** "Signature Version 4: up to 24 hours" (developer guide, `protocols`, "Connection duration limits"). ms */
export const LONGEST_SIGNED_CONNECTION_MS = 86_400_000;
/** Largest WebSocket message, which may hold many packets or parts of them; AWS states none. bytes */
const MESSAGE_BYTES = 1024 * 1024;
const EMPTY_HASH = sha256Hex('');

export interface WebSocketGateOptions {
  readonly context: CloudContext;
  connect(transport: Transport, identify: Identify): Client | undefined;
  onRefused(reason: string): void;
}

/**
 * MQTT over WebSocket (developer guide, `protocols`): `GET /mqtt` with subprotocol `mqtt`, signed with Signature Version
 * 4 in query or headers, or with custom authentication (`custom-auth`, "MQTT over WebSockets").
 *
 * INVARIANT: a signature is verified before the upgrade is answered; custom authentication is judged at CONNECT, when all
 * that an authorizer may look at is there.
 */
export class WebSocketGate {
  readonly #options: WebSocketGateOptions;
  readonly #verifier: SignatureVerifier;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES,
    // [MQTT-6.0.0-4]
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });

  constructor(options: WebSocketGateOptions) {
    this.#options = options;
    const { account, clock, ports } = options.context;
    this.#verifier = new SignatureVerifier(account, clock, { find: (key) => ports.get('credentials').find(key) });
  }

  /** Answers one upgrade request. `serverName` is the one of the TLS handshake. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, serverName: string | undefined): void {
    let identify: Identify;
    try {
      if (!offersMqtt(request)) throw new AwsError('InvalidRequestException', 'The subprotocol must be mqtt', 400);
      identify = this.#identify(readHead(request), serverName);
    } catch (error) {
      this.#refuse(socket, error);
      return;
    }
    const sourceIp = sourceIpOf(request);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const transport = new WebSocketTransport(webSocket, sourceIp);
      const client = this.#options.connect(transport, identify);
      transport.on('farewell', () => client?.farewell());
    });
  }

  /** Cuts what is still open after its goodbye. */
  stop(): void {
    setImmediate(() => {
      for (const socket of this.#server.clients) socket.terminate();
    });
  }

  /** @throws AwsError for a signature that is not good, URIError */
  #identify(head: RequestHead, serverName: string | undefined): Identify {
    if (claimedService(head) === undefined) {
      return byCustomAuthentication({ serverName, http: httpAuthentication(head) });
    }
    const service = { signingName: SIGNING_NAME, family: 'rest', global: false, deviceGateway: true } as const;
    const authentication = this.#verifier.verify(head, service, () => EMPTY_HASH);
    if (authentication === undefined) throw new AwsError('ForbiddenException', 'Forbidden', 403);
    const { clock, ports } = this.#options.context;
    const { principal, request } = authentication;
    const session = ports.get('credentials').find(request.accessKeyId)?.credentials.expiration ?? Infinity;
    return bySignature(principal, Math.min(session, clock.now() + LONGEST_SIGNED_CONNECTION_MS));
  }

  #refuse(socket: Duplex, error: unknown): void {
    const { code, statusCode, message } =
      error instanceof AwsError ? error : new AwsError('InvalidRequestException', 'The request is malformed', 400);
    this.#options.onRefused(`websocket: ${code}`);
    const body = JSON.stringify({ message });
    const reason = statusCode === 403 ? 'Forbidden' : 'Bad Request';
    socket.end(
      `HTTP/1.1 ${statusCode} ${reason}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
        `X-Amzn-ErrorType: ${code}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
}

function offersMqtt(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
}
