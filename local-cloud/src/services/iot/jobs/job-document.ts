import { NotImplementedError } from '../../../core/errors.ts';
import type { AssumedRole } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { iotArn } from '../arns.ts';
import { invalidRequest } from '../errors.ts';
import { MAX_DOCUMENT_LENGTH } from './limits.ts';
import { parseS3Url, presignGetObject } from './presigned-url.ts';
import type { JobRecord, PresignedUrlSettings } from './records.ts';

const PLACEHOLDER = /\$\{aws:iot:([^:}]*)(?::([^}]*))?\}/g;
const PRESIGNED = 's3-presigned-url';

/**
 * Whether a document can be sent as a job. Placeholders that nothing here would fill are refused: a device must never
 * be handed one. So are placeholders for signatures of AWS Signer (`code-sign-signature`): the AWS console fills them from
 * a signing job before it calls CreateJob (`manage-job-console`); through the API the caller puts the output of the signing
 * job into the document (`manage-job-cli`, "Code signing with jobs").
 *
 * @throws AwsError InvalidRequestException
 * @throws NotImplementedError for placeholders that AWS knows and this cloud does not
 */
export function checkDocument(document: string, presignedUrl: PresignedUrlSettings | undefined): void {
  if (document.length > MAX_DOCUMENT_LENGTH) {
    throw invalidRequest(`The job document is longer than the maximum of ${MAX_DOCUMENT_LENGTH} characters`);
  }
  try {
    JSON.parse(document);
  } catch {
    throw invalidRequest('The job document is not valid JSON');
  }
  for (const [placeholder, kind, value = ''] of document.matchAll(PLACEHOLDER)) {
    if (kind !== PRESIGNED) throw new NotImplementedError(`the placeholder ${placeholder} in a job document`);
    if (parseS3Url(value) === undefined) {
      throw invalidRequest(`The placeholder ${placeholder} holds no Amazon S3 URL of a bucket and a key`);
    }
    if (presignedUrl === undefined) {
      throw invalidRequest('presignedUrlConfig is required for a job document with presigned URL placeholders');
    }
  }
}

/** Documents as devices get them. */
export class JobDocuments {
  readonly #context: CloudContext;

  constructor(context: CloudContext) {
    this.#context = context;
  }

  /**
   * The job's document with its presigned URLs, "generated when a device requests a job document" (`create-manage-jobs`),
   * so made anew each time.
   *
   * @throws AwsError when AWS IoT may not assume the role
   */
  async render(job: JobRecord): Promise<string> {
    const wanted = new Set([...job.document.matchAll(PLACEHOLDER)].map(([placeholder]) => placeholder));
    if (wanted.size === 0) return job.document;
    let { document } = job;
    for (const placeholder of wanted) {
      const url = await this.#presign(job, placeholder);
      document = document.replaceAll(placeholder, () => url);
    }
    return document;
  }

  /** @throws AwsError AccessDenied */
  assumeRole(jobId: string, roleArn: string): AssumedRole {
    const { account, ports } = this.#context;
    const principal = {
      kind: 'service',
      service: 'iot.amazonaws.com',
      sourceArn: iotArn(account, 'job', jobId),
      sourceAccount: account.accountId,
    } as const;
    return ports.get('authorizer').assumeRole(principal, roleArn, 'iot-jobs');
  }

  async #presign(job: JobRecord, placeholder: string): Promise<string> {
    const { account, clock, ports } = this.#context;
    const [, , value = ''] = new RegExp(PLACEHOLDER.source).exec(placeholder) ?? [];
    const object = parseS3Url(value);
    if (object === undefined || job.presignedUrl === undefined) {
      throw new NotImplementedError(`the placeholder ${placeholder} in a job document`);
    }
    const { roleArn, expiresInSec } = job.presignedUrl;
    const principal = this.assumeRole(job.id, roleArn);
    return presignGetObject({
      apiUrl: ports.get('endpoints').apiUrl,
      region: account.region,
      credentials: ports.get('credentials').issue(principal, expiresInSec * 1000),
      object,
      expiresIn: expiresInSec,
      now: clock.now(),
    });
  }
}
