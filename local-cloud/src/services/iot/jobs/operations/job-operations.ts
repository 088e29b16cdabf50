import type {
  AssociateTargetsWithJobRequest,
  AssociateTargetsWithJobResponse,
  CancelJobRequest,
  CancelJobResponse,
  DeleteJobRequest,
  DescribeJobRequest,
  DescribeJobResponse,
  GetJobDocumentRequest,
  GetJobDocumentResponse,
  ListJobsRequest,
  ListJobsResponse,
  UpdateJobRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { AwsError } from '../../../../core/errors.ts';
import { invalidRequest, limitExceeded } from '../../errors.ts';
import { anywhere, changing, reading, resource } from '../../iot-service.ts';
import { pageOf } from '../../registry/paging.ts';
import { nameInCreationOrder } from '../../registry/table.ts';
import { checkPageSize } from '../../registry/validation.ts';
import { isActive } from '../job-engine.ts';
import { checkComment, checkReasonCode, refuseNamespace } from '../job-input.ts';
import { checkTargets, thingsOf } from '../job-targets.ts';
import { jobView, summaryView } from '../job-views.ts';
import type { JobsService } from '../jobs-service.ts';
import { passRole } from '../jobs-service.ts';
import { MAX_TARGETS } from '../limits.ts';
import type { JobRecord } from '../records.ts';
import { checkTargetList } from './create-job.ts';
import { updateJob } from './update-job.ts';

export function jobOperations(jobs: JobsService): Operation[] {
  const { iot, state, engine } = jobs;
  const { registry } = iot;
  const jobArn = (input: { jobId: string | undefined }) => resource(iot, 'job', input.jobId);
  const identify = (job: JobRecord) => ({
    jobArn: resource(iot, 'job', job.id),
    jobId: job.id,
    ...(job.description === undefined ? {} : { description: job.description }),
  });
  const update = changing<UpdateJobRequest, object>(iot, 'UpdateJob', jobArn, (input) => updateJob(jobs, input));
  return [
    reading<DescribeJobRequest, DescribeJobResponse>('DescribeJob', jobArn, (input) => {
      const job = jobs.requireJob(input.jobId);
      return {
        ...(job.documentSource === undefined ? {} : { documentSource: job.documentSource }),
        job: jobView(jobs, job),
      };
    }),
    reading<GetJobDocumentRequest, GetJobDocumentResponse>('GetJobDocument', jobArn, (input) => {
      // "Placeholder URLs are not replaced with presigned Amazon S3 URLs in the document returned."
      const { document, documentBefore } = jobs.requireJob(input.jobId);
      return { document: input.beforeSubstitution === true ? (documentBefore ?? document) : document };
    }),
    reading<ListJobsRequest, ListJobsResponse>('ListJobs', anywhere, (input) => listJobs(jobs, input)),
    {
      ...update,
      authorize: (input, call) => [...update.authorize(input, call), ...passRole(input.presignedUrlConfig)],
    },
    changing<CancelJobRequest, CancelJobResponse>(iot, 'CancelJob', jobArn, (input) => {
      checkComment(input.comment);
      checkReasonCode(input.reasonCode);
      const job = jobs.requireJob(input.jobId);
      if (!isActive(job)) throw invalidRequest(`Job ${job.id} in status ${job.status} cannot be canceled.`);
      engine.cancelJob(job, { force: input.force === true, comment: input.comment, reasonCode: input.reasonCode });
      return identify(job);
    }),
    changing<DeleteJobRequest, object>(iot, 'DeleteJob', jobArn, (input) => {
      refuseNamespace(input.namespaceId, 'DeleteJob');
      const job = jobs.requireJob(input.jobId);
      if (isActive(job) && input.force !== true) {
        throw new AwsError(
          'InvalidStateTransitionException',
          `Job ${job.id} in status ${job.status} can only be deleted by force.`,
          409,
        );
      }
      engine.deleteJob(job);
      return {};
    }),
    {
      ...changing<AssociateTargetsWithJobRequest, AssociateTargetsWithJobResponse>(
        iot,
        'AssociateTargetsWithJob',
        (input) => [jobArn(input), ...(input.targets ?? [])],
        (input) => {
          refuseNamespace(input.namespaceId, 'AssociateTargetsWithJob');
          checkComment(input.comment);
          const targets = checkTargetList(input.targets);
          const job = jobs.requireJob(input.jobId);
          if (job.targetSelection !== 'CONTINUOUS' || job.status !== 'IN_PROGRESS') {
            throw invalidRequest(`Targets can only be associated with a continuous job that is in progress.`);
          }
          checkTargets(registry.state, targets);
          const all = [...new Set([...job.targets, ...targets])];
          if (all.length > MAX_TARGETS) throw limitExceeded(`A job can have at most ${MAX_TARGETS} targets`);
          const comment = input.comment ?? job.comment;
          const changed: JobRecord = {
            ...job,
            targets: all,
            ...(comment === undefined ? {} : { comment }),
            lastUpdatedAt: registry.state.now(),
          };
          state.jobs.put(job.id, changed);
          jobs.rollouts.add(changed, thingsOf(registry.state, targets));
          return identify(changed);
        },
      ),
    },
  ];
}

/** The newest first. */
function listJobs(jobs: JobsService, input: ListJobsRequest): ListJobsResponse {
  const { state, iot } = jobs;
  const { registry } = iot;
  refuseNamespace(input.namespaceId, 'ListJobs');
  checkPageSize('maxResults', input.maxResults);
  let groupArn: string | undefined;
  if (input.thingGroupName !== undefined) {
    groupArn = registry.state.arn('thinggroup', registry.thingGroups.get(input.thingGroupName).name);
  }
  if (input.thingGroupId !== undefined) {
    const group = [...registry.state.thingGroups.values()].find(({ id }) => id === input.thingGroupId);
    const arn = group === undefined ? '' : registry.state.arn('thinggroup', group.name);
    if (groupArn !== undefined && groupArn !== arn) return { jobs: [] };
    groupArn = arn;
  }
  const jobOf = (key: string): JobRecord => state.jobs.get(nameInCreationOrder(key)) as JobRecord;
  const request = { token: input.nextToken, size: input.maxResults, descending: true };
  const page = pageOf(state.jobs.sortedKeys(), request, (key) => {
    const job = jobOf(key);
    return (
      (input.status === undefined || job.status === input.status) &&
      (input.targetSelection === undefined || job.targetSelection === input.targetSelection) &&
      (groupArn === undefined || job.targets.includes(groupArn))
    );
  });
  return { jobs: page.keys.map((key) => summaryView(jobs, jobOf(key))), nextToken: page.nextToken };
}
