import type {
  AttachSecurityProfileRequest,
  CreateSecurityProfileRequest,
  CreateSecurityProfileResponse,
  DeleteSecurityProfileRequest,
  DescribeSecurityProfileRequest,
  DescribeSecurityProfileResponse,
  ListSecurityProfilesRequest,
  ListSecurityProfilesResponse,
  UpdateSecurityProfileRequest,
  UpdateSecurityProfileResponse,
  ValidateSecurityProfileBehaviorsRequest,
  ValidateSecurityProfileBehaviorsResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { invalidRequest } from '../../../errors.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { passingRole } from '../../../operations/passing-role.ts';
import { listPage } from '../../list-page.ts';
import { behaviorComplaints } from '../behavior-validation.ts';
import type { Detect } from '../detect.ts';
import type { SecurityProfileRecord } from '../detect-records.ts';

export function profileOperations(detect: Detect): Operation[] {
  const { service, profiles, targets, tags } = detect;
  const arnOf = (input: { securityProfileName: string | undefined }): string =>
    tags.profile.arn(input.securityProfileName ?? '');
  const create = changing<CreateSecurityProfileRequest, CreateSecurityProfileResponse>(
    service,
    'CreateSecurityProfile',
    arnOf,
    (input) => {
      tags.profile.check(input.tags);
      const { name } = profiles.create(input);
      tags.profile.add(name, input.tags);
      return { securityProfileName: name, securityProfileArn: tags.profile.arn(name) };
    },
  );
  const update = changing<UpdateSecurityProfileRequest, UpdateSecurityProfileResponse>(
    service,
    'UpdateSecurityProfile',
    arnOf,
    (input) => {
      const profile = profiles.update(input);
      detect.changed();
      return profileShape(detect, profile);
    },
  );
  const alertRole = (
    input: Pick<AttachSecurityProfileRequest, 'securityProfileName'> & Partial<CreateSecurityProfileRequest>,
  ) => input.alertTargets?.SNS?.roleArn;
  return [
    passingRole(create, alertRole),
    passingRole(update, alertRole),
    reading<DescribeSecurityProfileRequest, DescribeSecurityProfileResponse>(
      'DescribeSecurityProfile',
      arnOf,
      (input) => profileShape(detect, profiles.get(input.securityProfileName)),
    ),
    changing<DeleteSecurityProfileRequest, object>(service, 'DeleteSecurityProfile', arnOf, (input) => {
      const deleted = profiles.delete(input.securityProfileName, input.expectedVersion);
      if (deleted !== undefined) {
        targets.detachAll(deleted.name);
        tags.profile.forget(deleted.name);
        detect.changed();
      }
      return {};
    }),
    reading<ListSecurityProfilesRequest, ListSecurityProfilesResponse>('ListSecurityProfiles', anywhere, (input) => {
      if (input.dimensionName !== undefined && input.metricName !== undefined) {
        throw invalidRequest('dimensionName and metricName cannot both be given');
      }
      const users = usersOf(detect, input);
      const page = listPage(profiles.table.sortedKeys(), input, (name) => users === undefined || users.has(name));
      return {
        securityProfileIdentifiers: page.keys.map((name) => ({ name, arn: tags.profile.arn(name) })),
        nextToken: page.nextToken,
      };
    }),
    reading<ValidateSecurityProfileBehaviorsRequest, ValidateSecurityProfileBehaviorsResponse>(
      'ValidateSecurityProfileBehaviors',
      anywhere,
      (input) => {
        const errors = behaviorComplaints(input.behaviors ?? [], detect.names);
        return { valid: errors.length === 0, validationErrors: errors.map((errorMessage) => ({ errorMessage })) };
      },
    ),
  ];
}

function usersOf(
  { profiles }: Detect,
  { dimensionName, metricName }: ListSecurityProfilesRequest,
): ReadonlySet<string> | undefined {
  if (dimensionName !== undefined) {
    return new Set(profiles.using(({ metricDimension }) => metricDimension?.dimensionName === dimensionName));
  }
  return metricName === undefined ? undefined : new Set(profiles.using(({ metric }) => metric === metricName));
}

function profileShape({ tags }: Detect, profile: SecurityProfileRecord): DescribeSecurityProfileResponse {
  return {
    securityProfileName: profile.name,
    securityProfileArn: tags.profile.arn(profile.name),
    ...(profile.description === undefined ? {} : { securityProfileDescription: profile.description }),
    behaviors: [...profile.behaviors],
    ...(profile.alertTarget === undefined ? {} : { alertTargets: { SNS: profile.alertTarget } }),
    additionalMetricsToRetain: [...profile.plainMetricsToRetain],
    additionalMetricsToRetainV2: [...profile.metricsToRetain],
    version: profile.version,
    creationDate: new Date(profile.creationDate),
    lastModifiedDate: new Date(profile.lastModifiedDate),
  };
}
