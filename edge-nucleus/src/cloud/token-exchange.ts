import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NucleusLog } from '../log.ts';
import { CredentialsRefused, type RoleCredentials } from './greengrass/role-credentials.ts';

/** Nucleus, `tes/HttpServerImpl.java`. */
const PATH = '/2016-11-01/credentialprovider/';

/**
 * The token exchange service: a container credentials provider for the AWS SDKs of components, on this machine alone (developer guide,
 * `token-exchange-service-component`).
 */
export class TokenExchange {
  readonly #server: Server;
  readonly #credentials: RoleCredentials;
  readonly #knows: (token: string) => boolean;
  readonly #log: NucleusLog;

  /** @param knows whether a token is that of a component which may have credentials */
  constructor(credentials: RoleCredentials, knows: (token: string) => boolean, log: NucleusLog) {
    this.#credentials = credentials;
    this.#knows = knows;
    this.#log = log;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** `AWS_CONTAINER_CREDENTIALS_FULL_URI` of components; once it is started. */
  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}${PATH}`;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, 'localhost', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #answer({ headers, method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (method !== 'GET') return end(response, 405);
    if (url !== PATH) return end(response, 400);
    if (headers.authorization === undefined || !this.#knows(headers.authorization)) return end(response, 403);
    try {
      const { accessKeyId, expiration, secretAccessKey, sessionToken } = await this.#credentials.get();
      const body = {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration: expiration.toISOString(),
      };
      response.setHeader('content-type', 'application/json');
      end(response, 200, JSON.stringify(body));
    } catch (error) {
      this.#log('warn', 'a component gets no credentials', { reason: String(error) });
      end(response, error instanceof CredentialsRefused ? error.status : 500);
    }
  }
}

function end(response: ServerResponse, status: number, body = ''): void {
  response.statusCode = status;
  response.end(body);
}
