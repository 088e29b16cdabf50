import { createHash } from 'node:crypto';
import { arn } from '../../core/account.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError, messageOf, NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { postHttps } from '../http/post-https.ts';
import { CONFIRMATION_LIFETIME_MS, MAX_DESTINATIONS, MAX_URL_LENGTH } from '../limits.ts';
import { invalidRequest } from '../rule-payload.ts';
import { isBelow, requireHttpsUrl } from './destination-url.ts';

export type DestinationStatus = 'ENABLED' | 'DISABLED' | 'IN_PROGRESS' | 'ERROR';

/** An HTTP topic rule destination as it is kept. */
export interface Destination {
  readonly arn: string;
  readonly confirmationUrl: string;
  readonly status: DestinationStatus;
  readonly statusReason?: string;
  /** ms since the epoch */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the last confirmation was asked for, ms since the epoch. */
  readonly requestedAt: number;
  /** SHA-256 of the confirmation token, hexadecimal; the token itself only the endpoint learns. */
  readonly tokenHash: string;
}

/** Unsigned route of the `enableUrl` in confirmation requests; the token in it is the secret. */
export const ENABLE_PATH = '/_iot/confirmdestination/';

type Context = Pick<CloudContext, 'account' | 'clock' | 'entropy' | 'log' | 'ports' | 'store'>;

/** HTTP topic rule destinations (developer guide, `rule-destination`). */
export class RuleDestinations {
  readonly #context: Context;
  readonly #kept: Collection<Destination>;

  constructor(context: Context) {
    this.#context = context;
    this.#kept = context.store.collection('rules/destinations');
  }

  /** Makes a destination and sends its confirmation request in the background. */
  async create(confirmationUrl: string): Promise<Destination> {
    if (confirmationUrl.length > MAX_URL_LENGTH) {
      throw invalidRequest(`confirmationUrl must be at most ${MAX_URL_LENGTH} characters long`);
    }
    requireHttpsUrl(confirmationUrl, 'confirmationUrl');
    if (this.#kept.size >= MAX_DESTINATIONS) {
      throw new AwsError('LimitExceededException', `At most ${MAX_DESTINATIONS} destinations are allowed`, 410);
    }
    if (this.all().some((destination) => destination.confirmationUrl === confirmationUrl)) {
      throw new AwsError('ConflictingResourceUpdateException', `A destination of ${confirmationUrl} exists`, 409);
    }
    const now = this.#context.clock.now();
    const id = uuid(this.#context.entropy);
    const destinationArn = arn(this.#context.account, 'iot', `ruledestination/http/${id}`);
    return this.#challenge({ arn: destinationArn, confirmationUrl, createdAt: now });
  }

  /** For a rule with an HTTP action: "AWS IoT creates a topic rule destination" unless there is one (`https-rule-action`). */
  async ensure(confirmationUrl: string): Promise<void> {
    if (this.all().some((known) => isBelow(confirmationUrl, known.confirmationUrl))) return;
    await this.create(confirmationUrl);
  }

  /** @throws AwsError ResourceNotFoundException */
  get(destinationArn: string | undefined): Destination {
    const kept = this.#kept.get(destinationArn ?? '');
    if (kept === undefined) {
      throw new AwsError('ResourceNotFoundException', `Destination ${destinationArn} does not exist`, 404);
    }
    return this.#current(kept);
  }

  has(destinationArn: string): boolean {
    return this.#kept.has(destinationArn);
  }

  /** In order of ARN. */
  all(): Destination[] {
    return [...this.#kept.values()].map((kept) => this.#current(kept)).sort((a, b) => (a.arn < b.arn ? -1 : 1));
  }

  /** The rule action may send to `url`: an enabled destination's confirmation URL is its prefix. */
  mayReach(url: string): boolean {
    return this.all().some(({ status, confirmationUrl }) => status === 'ENABLED' && isBelow(url, confirmationUrl));
  }

  /** "You can only enable a destination that's in DISABLED status", and the other way round. */
  async setStatus(destinationArn: string | undefined, status: string | undefined): Promise<void> {
    const known = this.get(destinationArn);
    if (status === 'IN_PROGRESS') {
      await this.#challenge(known);
      return;
    }
    if (status !== 'ENABLED' && status !== 'DISABLED') {
      throw invalidRequest(`status '${status}' must be one of ENABLED, IN_PROGRESS, DISABLED`);
    }
    if (known.status === status) return;
    if (known.status !== 'ENABLED' && known.status !== 'DISABLED') {
      throw invalidRequest(`a destination in status ${known.status} cannot be set to ${status}`);
    }
    await this.#put({ ...known, status });
  }

  async delete(destinationArn: string | undefined): Promise<void> {
    this.#kept.delete(this.get(destinationArn).arn);
    await this.#context.store.durable();
  }

  /** ConfirmTopicRuleDestination enables; browsing to the `enableUrl` leaves that to UpdateTopicRuleDestination. */
  async confirm(token: string | undefined, status: 'ENABLED' | 'DISABLED'): Promise<void> {
    const hash = hashOf(token ?? '');
    const known = this.all().find(({ tokenHash }) => tokenHash === hash);
    if (known === undefined || known.status !== 'IN_PROGRESS') {
      throw invalidRequest('the confirmation token is not valid, or no longer');
    }
    await this.#put({ ...known, status });
  }

  #current(kept: Destination): Destination {
    const ended = kept.requestedAt + CONFIRMATION_LIFETIME_MS <= this.#context.clock.now();
    if (kept.status !== 'IN_PROGRESS' || !ended) return kept;
    return { ...kept, status: 'ERROR', statusReason: 'Confirmation timed out' };
  }

  async #challenge(known: Pick<Destination, 'arn' | 'confirmationUrl' | 'createdAt'>): Promise<Destination> {
    const token = this.#context.entropy.bytes(48).toString('base64url');
    const { arn: destinationArn, confirmationUrl, createdAt } = known;
    const requestedAt = this.#context.clock.now();
    const destination = await this.#put({
      arn: destinationArn,
      confirmationUrl,
      createdAt,
      updatedAt: requestedAt,
      requestedAt,
      status: 'IN_PROGRESS',
      statusReason: 'Awaiting confirmation. Confirmation message sent.',
      tokenHash: hashOf(token),
    });
    void this.#sendConfirmation(destination, token);
    return destination;
  }

  async #put(destination: Destination): Promise<Destination> {
    const { statusReason, ...others } = destination;
    const kept: Destination = {
      ...others,
      ...(destination.status === 'IN_PROGRESS' && statusReason !== undefined ? { statusReason } : {}),
      updatedAt: this.#context.clock.now(),
    };
    this.#kept.put(kept.arn, kept);
    await this.#context.store.durable();
    return kept;
  }

  /** What cannot be reached stays IN_PROGRESS until its time is over, with the reason. */
  async #sendConfirmation({ arn: destinationArn, confirmationUrl }: Destination, token: string): Promise<void> {
    try {
      const { apiUrl, caFile } = this.#context.ports.get('endpoints');
      const body = {
        arn: destinationArn,
        confirmationToken: token,
        enableUrl: `${apiUrl}${ENABLE_PATH}${token}`,
        messageType: 'DestinationConfirmation',
      };
      const url = new URL(confirmationUrl);
      if (!url.pathname.endsWith('/')) url.pathname += '/';
      url.searchParams.set('confirmationToken', token);
      const { statusCode } = await postHttps(url, {
        headers: {
          'x-amz-rules-engine-message-type': 'DestinationConfirmation',
          'x-amz-rules-engine-destination-arn': destinationArn,
          'content-type': 'application/json',
        },
        body: Buffer.from(JSON.stringify(body)),
        caFile,
        clock: this.#context.clock,
      });
      if (statusCode >= 200 && statusCode < 300) return;
      await this.#reportUnsent(destinationArn, `the endpoint answered with status ${statusCode}`);
    } catch (error) {
      await this.#reportUnsent(destinationArn, messageOf(error));
    }
  }

  async #reportUnsent(destinationArn: string, reason: string): Promise<void> {
    this.#context.log('error', 'confirmation request failed', { destination: destinationArn, reason });
    const known = this.#kept.get(destinationArn);
    if (known?.status !== 'IN_PROGRESS') return;
    await this.#put({ ...known, statusReason: `Confirmation request failed: ${reason}` });
  }
}

/** @throws NotImplementedError for destinations other than HTTP URLs */
export function requireHttpOnly(configuration: object): void {
  const other = Object.entries(configuration).find(
    ([name, value]) => name !== 'httpUrlConfiguration' && value !== undefined,
  );
  if (other !== undefined) throw new NotImplementedError(`topic rule destination '${other[0]}'`);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
