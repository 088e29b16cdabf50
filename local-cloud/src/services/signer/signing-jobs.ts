import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { StartSigningJobRequest } from '@aws-sdk/client-signer';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import { nameOf } from '../../core/iam/access-denied.ts';
import type { Principal } from '../../core/iam/principal.ts';
import { validation } from './errors.ts';
import { requirePlatform } from './platforms.ts';
import { endOfValidity, requireSigningCertificate } from './put-profile.ts';
import type { JobRecord } from './records.ts';
import { signObject } from './signed-object.ts';
import type { SignerState } from './signer-state.ts';

/** Signing jobs: they read and write Amazon S3 as whoever started them. */
export class SigningJobs {
  readonly #state: SignerState;
  readonly #running = new Set<Promise<void>>();

  constructor(state: SignerState) {
    this.#state = state;
  }

  /**
   * "All calls after the first that use this token return the same response as the first call."
   * @throws AwsError ValidationException, ResourceNotFoundException
   */
  async start(input: StartSigningJobRequest, principal: Principal): Promise<JobRecord> {
    const { context } = this.#state;
    const source = input.source?.s3;
    const destination = input.destination?.s3;
    new ConstraintViolations()
      .required('source.s3.bucketName', source?.bucketName)
      .required('source.s3.key', source?.key)
      .required('source.s3.version', source?.version)
      .required('destination.s3.bucketName', destination?.bucketName)
      .required('clientRequestToken', input.clientRequestToken)
      .required('profileName', input.profileName)
      .throwIfAny();
    if (input.profileOwner !== undefined && input.profileOwner !== context.account.accountId) {
      throw new AwsError(
        'AccessDeniedException',
        `No signing profile of account ${input.profileOwner} is shared.`,
        403,
      );
    }
    const token = input.clientRequestToken as string;
    const known = this.#state.jobOfToken(token);
    if (known !== undefined) return known;
    // An object of a bucket without versions answers to this version.
    if (source?.version === 'null') throw validation('The source bucket must be version enabled.');
    const profile = this.#state.requireProfile(input.profileName);
    if (profile.status !== 'Active')
      throw validation(`Signing profile ${profile.name} is ${profile.status.toLowerCase()}.`);
    requireSigningCertificate(context, profile.certificateArn);
    const now = context.clock.now();
    const job: JobRecord = {
      id: uuid(context.entropy),
      token,
      profileName: profile.name,
      profileVersion: profile.version,
      platformId: profile.platformId,
      certificateArn: profile.certificateArn,
      parameters: profile.parameters,
      source: { bucketName: source?.bucketName ?? '', key: source?.key ?? '', version: source?.version ?? '' },
      destination: { bucketName: destination?.bucketName ?? '', prefix: destination?.prefix ?? '' },
      createdAt: now,
      expiresAt: endOfValidity(profile.validity, now),
      requestedBy: nameOf(principal),
      status: 'InProgress',
      statusReason: 'Signing in progress',
    };
    this.#state.saveJob(job);
    await context.store.durable();
    const run = this.#run(job, principal).finally(() => this.#running.delete(run));
    this.#running.add(run);
    return job;
  }

  /** Jobs that the end of the process cut off have lost the credentials of whoever started them. */
  async failInterrupted(): Promise<void> {
    for (const job of this.#state.jobs()) {
      if (job.status === 'InProgress') this.#end(job, { status: 'Failed', statusReason: 'Signing was interrupted.' });
    }
    await this.#state.context.store.durable();
  }

  /** Resolves when no job is running. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #run(job: JobRecord, principal: Principal): Promise<void> {
    const { api, log, store } = this.#state.context;
    try {
      const signedKey = `${job.destination.prefix}${job.id}`;
      const { source } = job;
      const object = await api.call<GetObjectCommandOutput>(principal, 's3', 'GetObject', {
        Bucket: source.bucketName,
        Key: source.key,
        VersionId: source.version,
      });
      const { privateKey } = requireSigningCertificate(this.#state.context, job.certificateArn);
      const signed = await signObject(requirePlatform(job.platformId), privateKey, object.Body, source);
      await api.call(principal, 's3', 'PutObject', {
        Bucket: job.destination.bucketName,
        Key: signedKey,
        Body: Buffer.from(signed),
        ContentType: 'application/json',
      });
      this.#end(job, { status: 'Succeeded', statusReason: 'Signing Succeeded', signedKey });
    } catch (error) {
      const reason = error instanceof AwsError ? `${error.code}: ${error.message}` : messageOf(error);
      log('warn', 'a signing job failed', { job: job.id, profile: job.profileName, reason });
      this.#end(job, { status: 'Failed', statusReason: reason });
    }
    await store.durable().catch(() => {});
  }

  #end(job: JobRecord, outcome: Partial<JobRecord>): void {
    Object.assign(job, outcome, { completedAt: this.#state.context.clock.now() });
    this.#state.saveJob(job);
  }
}
