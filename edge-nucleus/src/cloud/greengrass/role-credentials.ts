import * as z from 'zod';
import type { NucleusClock } from '../../clock.ts';
import type { DeviceHttps, HttpsEndpoint } from './device-https.ts';
import { CloudUnreachable } from './greengrass-cloud.ts';

/** ms before their end that credentials are renewed (nucleus, `CredentialRequestHandler`, `DEFAULT_TIME_BEFORE_CACHE_EXPIRE_IN_SEC`) */
const RENEW_BEFORE = 300_000;
/** ms for which a refusal is given again without asking (the same, `DEFAULT_CLOUD_4XX_ERROR_CACHE_IN_SEC`) */
const REFUSAL_LIFETIME = 120_000;

const answerSchema = z.object({
  credentials: z.object({
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string(),
    expiration: z.iso.datetime({ offset: true }),
  }),
});

export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** The credentials provider does not give any: to this core, for this alias. */
export class CredentialsRefused extends Error {
  override readonly name = 'CredentialsRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Temporary credentials of the role behind a role alias (AWS IoT developer guide, `authorizing-direct-aws`), kept while they are good. */
export class RoleCredentials {
  readonly #https: DeviceHttps;
  readonly #endpoint: HttpsEndpoint;
  readonly #alias: string;
  readonly #thingName: string;
  readonly #clock: NucleusClock;
  #kept: TemporaryCredentials | undefined;
  #refusal: { readonly error: CredentialsRefused; readonly until: number } | undefined;
  #asked: Promise<TemporaryCredentials> | undefined;

  constructor(
    https: DeviceHttps,
    options: {
      readonly endpoint: HttpsEndpoint;
      readonly roleAlias: string;
      readonly thingName: string;
      readonly clock: NucleusClock;
    },
  ) {
    this.#https = https;
    this.#endpoint = options.endpoint;
    this.#alias = options.roleAlias;
    this.#thingName = options.thingName;
    this.#clock = options.clock;
  }

  /** @throws CredentialsRefused, CloudUnreachable */
  get(): Promise<TemporaryCredentials> {
    const now = this.#clock.now();
    if (this.#kept !== undefined && this.#kept.expiration.getTime() - RENEW_BEFORE > now) {
      return Promise.resolve(this.#kept);
    }
    if (this.#refusal !== undefined && this.#refusal.until > now) return Promise.reject(this.#refusal.error);
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  async #ask(): Promise<TemporaryCredentials> {
    const path = `/role-aliases/${encodeURIComponent(this.#alias)}/credentials`;
    const headers = { 'x-amzn-iot-thingname': this.#thingName };
    const { body, status } = await this.#https.ask(this.#endpoint, 'GET', path, { headers });
    if (status !== 200) {
      const error = new CredentialsRefused(
        status,
        `the role alias ${this.#alias} gives no credentials: status ${status}`,
      );
      this.#refusal = { error, until: this.#clock.now() + REFUSAL_LIFETIME };
      throw error;
    }
    const read = answerSchema.safeParse(parsed(body));
    if (!read.success) throw new CloudUnreachable('the answer of the credentials provider is not valid');
    const { expiration, ...keys } = read.data.credentials;
    this.#refusal = undefined;
    this.#kept = { ...keys, expiration: new Date(expiration) };
    return this.#kept;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
