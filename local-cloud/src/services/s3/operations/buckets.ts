import type {
  CreateBucketOutput,
  CreateBucketRequest,
  DeleteBucketRequest,
  GetBucketLocationOutput,
  GetBucketLocationRequest,
  HeadBucketOutput,
  HeadBucketRequest,
  ListBucketsOutput,
  ListBucketsRequest,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { bucketArn } from '../bucket-arn.ts';
import { type Buckets, checkBucketName } from '../buckets.ts';
import { invalidArgument } from '../errors.ts';
import { checkAcl } from '../object-input.ts';
import { bucketPermission } from '../permissions.ts';

const MAX_BUCKETS_LISTED = 10_000;

/** CreateBucket, DeleteBucket, HeadBucket, ListBuckets and GetBucketLocation. */
export function createBucketOperations(buckets: Buckets): Operation[] {
  const { account } = buckets.context;
  /** us-east-1 has no location constraint. */
  const constraint = account.region === 'us-east-1' ? undefined : account.region;

  const create: Operation<CreateBucketRequest, CreateBucketOutput> = {
    name: 'CreateBucket',
    authorize: (input, call) => [
      bucketPermission(buckets, 'CreateBucket', input.Bucket, call, {
        's3:LocationConstraint': input.CreateBucketConfiguration?.LocationConstraint,
      }),
    ],
    async handle(input) {
      const name = input.Bucket ?? '';
      checkBucketName(name);
      checkCreation(input, constraint);
      const location = { Location: `/${name}`, BucketArn: bucketArn(name) };
      if (buckets.find(name) !== undefined) {
        // "CreateBucket", error BucketAlreadyOwnedByYou: in us-east-1 alone it succeeds, for legacy compatibility.
        if (constraint === undefined) return location;
        throw new AwsError(
          'BucketAlreadyOwnedByYou',
          'Your previous request to create the named bucket succeeded and you already own it.',
          409,
          { fields: { BucketName: name } },
        );
      }
      await buckets.save(buckets.create(name));
      return location;
    },
  };

  const remove: Operation<DeleteBucketRequest, object> = {
    name: 'DeleteBucket',
    authorize: (input, call) => [bucketPermission(buckets, 'DeleteBucket', input.Bucket, call)],
    async handle(input) {
      await buckets.delete(buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner));
      return {};
    },
  };

  const head: Operation<HeadBucketRequest, HeadBucketOutput> = {
    name: 'HeadBucket',
    authorize: (input, call) => [bucketPermission(buckets, 'ListBucket', input.Bucket, call)],
    handle(input) {
      if (buckets.find(input.Bucket ?? '') === undefined) throw new AwsError('NotFound', 'Not Found', 404);
      const { record } = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      return { BucketRegion: account.region, BucketArn: bucketArn(record.name), AccessPointAlias: false };
    },
  };

  const list: Operation<ListBucketsRequest, ListBucketsOutput> = {
    name: 'ListBuckets',
    authorize: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
    handle(input) {
      const limit = input.MaxBuckets ?? MAX_BUCKETS_LISTED;
      if (limit < 1 || limit > MAX_BUCKETS_LISTED) {
        throw invalidArgument(`Argument max-buckets must be between 1 and ${MAX_BUCKETS_LISTED}`, 'max-buckets', limit);
      }
      const after =
        input.ContinuationToken === undefined ? '' : Buffer.from(input.ContinuationToken, 'base64').toString();
      const found = buckets
        .all()
        .filter(({ record }) => record.name.startsWith(input.Prefix ?? '') && record.name > after)
        .filter(() => input.BucketRegion === undefined || input.BucketRegion === account.region);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        Buckets: page.map(({ record }) => ({
          Name: record.name,
          CreationDate: new Date(record.creationDate),
          BucketRegion: account.region,
          BucketArn: bucketArn(record.name),
        })),
        Owner: { ID: buckets.ownerId },
        ...(input.Prefix === undefined ? {} : { Prefix: input.Prefix }),
        ...(last !== undefined && page.length < found.length
          ? { ContinuationToken: Buffer.from(last.record.name).toString('base64') }
          : {}),
      };
    },
  };

  const location: Operation<GetBucketLocationRequest, GetBucketLocationOutput> = {
    name: 'GetBucketLocation',
    authorize: (input, call) => [bucketPermission(buckets, 'GetBucketLocation', input.Bucket, call)],
    handle(input) {
      buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      return constraint === undefined
        ? {}
        : { LocationConstraint: constraint as NonNullable<GetBucketLocationOutput['LocationConstraint']> };
    },
  };

  return [create, remove, head, list, location];
}

function checkCreation(input: CreateBucketRequest, constraint: string | undefined): void {
  const { LocationConstraint: wanted, ...rest } = input.CreateBucketConfiguration ?? {};
  const other = Object.entries(rest).find(([, value]) => value !== undefined);
  if (other !== undefined) throw new NotImplementedError(`S3 CreateBucketConfiguration ${other[0]}`);
  if ((wanted as string | undefined) !== constraint) {
    throw new AwsError(
      'IllegalLocationConstraintException',
      `The ${wanted ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  if (input.ObjectLockEnabledForBucket === true) throw new NotImplementedError('S3 ObjectLockEnabledForBucket');
  if (input.BucketNamespace !== undefined) throw new NotImplementedError('S3 BucketNamespace');
  if (input.ObjectOwnership !== undefined && input.ObjectOwnership !== 'BucketOwnerEnforced') {
    throw new NotImplementedError(`S3 ObjectOwnership '${input.ObjectOwnership}'`);
  }
  if (input.GrantWrite !== undefined)
    throw new AwsError('AccessControlListNotSupported', 'The bucket does not allow ACLs');
  checkAcl({
    ACL: input.ACL,
    GrantFullControl: input.GrantFullControl,
    GrantRead: input.GrantRead,
    GrantReadACP: input.GrantReadACP,
    GrantWriteACP: input.GrantWriteACP,
  });
}
