import type {
  DescribeSecretRequest,
  DescribeSecretResponse,
  Filter,
  ListSecretsRequest,
  ListSecretsResponse,
  ListSecretVersionIdsRequest,
  ListSecretVersionIdsResponse,
  SecretListEntry,
} from '@aws-sdk/client-secrets-manager';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import { MAX_LISTED } from '../limits.ts';
import { secretPermission } from '../permissions.ts';
import type { SecretRecord } from '../secret-record.ts';
import type { Secrets } from '../secrets.ts';
import { stagesByVersion } from '../versions.ts';

const FILTER_KEYS = ['description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all'];
const SORT_KEYS = ['created-date', 'last-accessed-date', 'last-changed-date', 'name'];

export function createListingOperations(secrets: Secrets): Operation[] {
  const describe: Operation<DescribeSecretRequest, DescribeSecretResponse> = {
    name: 'DescribeSecret',
    authorize: (input) => [secretPermission(secrets, 'DescribeSecret', input.SecretId)],
    handle(input) {
      const secret = secrets.require(input.SecretId ?? '');
      return {
        ...summary(secret),
        ...(secret.deletionDate === undefined ? {} : { DeletedDate: new Date(secret.deletionDate) }),
        VersionIdsToStages: stagesByVersion(secret),
      };
    },
  };

  const list: Operation<ListSecretsRequest, ListSecretsResponse> = {
    name: 'ListSecrets',
    authorize: () => [{ action: 'secretsmanager:ListSecrets', resource: '*' }],
    handle(input) {
      const violations = new ConstraintViolations()
        .range('maxResults', input.MaxResults, 1, MAX_LISTED)
        .oneOf('sortBy', input.SortBy, SORT_KEYS)
        .oneOf('sortOrder', input.SortOrder, ['asc', 'desc']);
      for (const filter of input.Filters ?? []) violations.oneOf('filters.member.key', filter.Key, FILTER_KEYS);
      violations.throwIfAny();
      const found = [...secrets.all()].filter(
        (secret) =>
          (input.IncludePlannedDeletion === true || secret.deletionDate === undefined) &&
          (input.Filters ?? []).every((filter) => matches(secret, filter, secrets.context.account.region)),
      );
      const sign = input.SortOrder === 'asc' ? 1 : -1;
      const key = sortKey(input.SortBy ?? 'created-date');
      found.sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : a.name < b.name ? -1 : 1));
      const { page, token } = paged(found, input.MaxResults, input.NextToken);
      return {
        SecretList: page.map(
          (secret): SecretListEntry => ({
            ...summary(secret),
            ...(secret.deletedDate === undefined ? {} : { DeletedDate: new Date(secret.deletedDate) }),
            SecretVersionsToStages: stagesByVersion(secret),
          }),
        ),
        ...token,
      };
    },
  };

  const versions: Operation<ListSecretVersionIdsRequest, ListSecretVersionIdsResponse> = {
    name: 'ListSecretVersionIds',
    authorize: (input) => [secretPermission(secrets, 'ListSecretVersionIds', input.SecretId)],
    handle(input) {
      new ConstraintViolations().range('maxResults', input.MaxResults, 1, MAX_LISTED).throwIfAny();
      const secret = secrets.require(input.SecretId ?? '');
      const found = secret.versions.filter((version) => input.IncludeDeprecated === true || version.stages.length > 0);
      const { page, token } = paged(found, input.MaxResults, input.NextToken);
      return {
        ARN: secret.arn,
        Name: secret.name,
        Versions: page.map((version) => ({
          VersionId: version.id,
          VersionStages: [...version.stages],
          CreatedDate: new Date(version.createdDate),
          KmsKeyIds: ['DefaultEncryptionKey'],
          ...(version.lastAccessedDate === undefined ? {} : { LastAccessedDate: new Date(version.lastAccessedDate) }),
        })),
        ...token,
      };
    },
  };

  return [describe, list, versions];
}

function summary(secret: SecretRecord) {
  return {
    ARN: secret.arn,
    Name: secret.name,
    ...(secret.description === undefined ? {} : { Description: secret.description }),
    CreatedDate: new Date(secret.createdDate),
    LastChangedDate: new Date(secret.lastChangedDate),
    ...(secret.lastAccessedDate === undefined ? {} : { LastAccessedDate: new Date(secret.lastAccessedDate) }),
    Tags: secret.tags.map((tag) => ({ ...tag })),
  };
}

/** "ListSecrets", type Filter: prefix matches; a leading `!` negates. */
function matches(secret: SecretRecord, filter: Filter, region: string): boolean {
  const tags = secret.tags;
  const attributes: Record<string, (string | undefined)[]> = {
    name: [secret.name],
    description: [secret.description],
    'tag-key': tags.map(({ Key }) => Key),
    'tag-value': tags.map(({ Value }) => Value),
    'primary-region': [region],
    'owning-service': [],
  };
  const fold = filter.Key === 'description' || filter.Key === 'all';
  const values = (filter.Key === 'all' ? Object.values(attributes).flat() : (attributes[filter.Key ?? ''] ?? []))
    .filter((value): value is string => value !== undefined)
    .map((value) => (fold ? value.toLowerCase() : value));
  return (filter.Values ?? []).some((wanted) => {
    const negated = wanted.startsWith('!');
    const plain = negated ? wanted.slice(1) : wanted;
    const text = fold ? plain.toLowerCase() : plain;
    const found =
      filter.Key === 'all'
        ? text.split(/\s+/).some((word) => values.some((value) => value.includes(word)))
        : values.some((value) => value.startsWith(text));
    return found !== negated;
  });
}

function sortKey(by: string): (secret: SecretRecord) => string | number {
  if (by === 'name') return (secret) => secret.name;
  if (by === 'last-accessed-date') return (secret) => secret.lastAccessedDate ?? 0;
  if (by === 'last-changed-date') return (secret) => secret.lastChangedDate;
  return (secret) => secret.createdDate;
}

/** A token is the offset of the next page. */
function paged<T>(
  found: readonly T[],
  limit = MAX_LISTED,
  token?: string,
): { page: T[]; token: { NextToken?: string } } {
  const start = token === undefined ? 0 : Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(start) || start < 0) {
    throw new AwsError('InvalidNextTokenException', 'Invalid NextToken.');
  }
  const end = start + limit;
  return {
    page: found.slice(start, end),
    token: end < found.length ? { NextToken: Buffer.from(String(end)).toString('base64url') } : {},
  };
}
