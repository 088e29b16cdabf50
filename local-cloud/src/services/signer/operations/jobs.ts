import type {
  DescribeSigningJobRequest,
  DescribeSigningJobResponse,
  ListSigningJobsRequest,
  ListSigningJobsResponse,
  RevokeSignatureRequest,
  StartSigningJobRequest,
  StartSigningJobResponse,
} from '@aws-sdk/client-signer';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { nameOf } from '../../../core/iam/access-denied.ts';
import { validation } from '../errors.ts';
import { MAX_REASON } from '../limits.ts';
import { page } from '../page.ts';
import type { JobRecord } from '../records.ts';
import type { SignerState } from '../signer-state.ts';
import type { SigningJobs } from '../signing-jobs.ts';
import { jobDetail, jobView } from '../views.ts';

export function createJobOperations(state: SignerState, jobs: SigningJobs): Operation[] {
  const { account, clock, store } = state.context;

  const start: Operation<StartSigningJobRequest, StartSigningJobResponse> = {
    name: 'StartSigningJob',
    authorize: (input) => [
      {
        action: 'signer:StartSigningJob',
        resource: state.profileArn(input.profileName ?? ''),
        conditions: { 'signer:ProfileVersion': state.findProfile(input.profileName ?? '')?.version },
      },
    ],
    async handle(input, call) {
      const job = await jobs.start(input, call.principal);
      return { jobId: job.id, jobOwner: account.accountId };
    },
  };

  const describe: Operation<DescribeSigningJobRequest, DescribeSigningJobResponse> = {
    name: 'DescribeSigningJob',
    authorize: (input) => [{ action: 'signer:DescribeSigningJob', resource: state.jobArn(input.jobId ?? '') }],
    handle: (input) => jobDetail(state.requireJob(input.jobId), account.accountId),
  };

  const list: Operation<ListSigningJobsRequest, ListSigningJobsResponse> = {
    name: 'ListSigningJobs',
    authorize: () => [{ action: 'signer:ListSigningJobs', resource: '*' }],
    handle(input) {
      const found = state
        .jobs()
        .filter((job) => matches(job, input, account.accountId))
        .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
      const { items, token } = page(found, ({ id }) => id, input);
      return { jobs: items.map((job) => jobView(job, account.accountId)), ...token };
    },
  };

  const revoke: Operation<RevokeSignatureRequest, object> = {
    name: 'RevokeSignature',
    authorize: (input) => [{ action: 'signer:RevokeSignature', resource: state.jobArn(input.jobId ?? '') }],
    async handle(input, call) {
      new ConstraintViolations()
        .required('reason', input.reason)
        .length('reason', input.reason, 1, MAX_REASON)
        .throwIfAny();
      const job = state.requireJob(input.jobId);
      if (job.status !== 'Succeeded') throw validation(`Signing job ${job.id} has no signature to revoke.`);
      if (job.revocation !== undefined) throw validation(`The signature of signing job ${job.id} is revoked already.`);
      job.revocation = { reason: input.reason ?? '', at: clock.now(), by: nameOf(call.principal) };
      state.saveJob(job);
      await store.durable();
      return {};
    },
  };

  return [start, describe, list, revoke];
}

function matches(job: JobRecord, input: ListSigningJobsRequest, accountId: string): boolean {
  const before = input.signatureExpiresBefore;
  const after = input.signatureExpiresAfter;
  return (
    (input.status === undefined || job.status === input.status) &&
    (input.platformId === undefined || job.platformId === input.platformId) &&
    (input.requestedBy === undefined || job.requestedBy === input.requestedBy) &&
    (input.jobInvoker === undefined || input.jobInvoker === accountId) &&
    (input.isRevoked === undefined || (job.revocation !== undefined) === input.isRevoked) &&
    (before === undefined || job.expiresAt < before.getTime()) &&
    (after === undefined || job.expiresAt > after.getTime())
  );
}
