import { arn, parseArn } from '../../core/account.ts';
import { randomText } from '../../core/entropy.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { notFound } from './errors.ts';
import type { JobRecord, ProfileRecord } from './records.ts';

const VERSION_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Signing profiles and jobs of the account. */
export class SignerState {
  readonly context: CloudContext;
  readonly #profiles: Collection<ProfileRecord>;
  readonly #jobs: Collection<JobRecord>;
  readonly #byToken = new Map<string, JobRecord>();

  constructor(context: CloudContext) {
    this.context = context;
    this.#profiles = context.store.collection('signer/profiles');
    this.#jobs = context.store.collection('signer/jobs');
    for (const job of this.#jobs.values()) this.#byToken.set(job.token, job);
  }

  profiles(): ProfileRecord[] {
    return [...this.#profiles.values()];
  }

  jobs(): JobRecord[] {
    return [...this.#jobs.values()];
  }

  findProfile(name: string): ProfileRecord | undefined {
    return this.#profiles.get(name);
  }

  /** @throws AwsError ResourceNotFoundException */
  requireProfile(name: string | undefined): ProfileRecord {
    const found = this.#profiles.get(name ?? '');
    if (found === undefined) throw notFound(`Signing profile ${name} not found.`);
    return found;
  }

  /** @throws AwsError ResourceNotFoundException */
  requireProfileByArn(profileArn: string | undefined): ProfileRecord {
    return this.requireProfile(parseArn(profileArn ?? '')?.resource.replace(/^\/signing-profiles\//, '') ?? profileArn);
  }

  /** @throws AwsError ResourceNotFoundException */
  requireJob(id: string | undefined): JobRecord {
    const found = this.#jobs.get(id ?? '');
    if (found === undefined) throw notFound(`Signing job ${id} not found.`);
    return found;
  }

  jobOfToken(token: string): JobRecord | undefined {
    return this.#byToken.get(token);
  }

  profileArn(name: string): string {
    return arn(this.context.account, 'signer', `/signing-profiles/${name}`);
  }

  jobArn(id: string): string {
    return arn(this.context.account, 'signer', `/signing-jobs/${id}`);
  }

  newVersion(): string {
    return randomText(this.context.entropy, 10, VERSION_ALPHABET);
  }

  saveProfile(profile: ProfileRecord): void {
    this.#profiles.put(profile.name, profile);
  }

  saveJob(job: JobRecord): void {
    this.#byToken.set(job.token, job);
    this.#jobs.put(job.id, job);
  }
}
