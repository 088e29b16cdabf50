import type {
  GetPolicyResponse,
  GetPolicyVersionResponse,
  GetRolePolicyResponse,
  ListAttachedRolePoliciesResponse,
  ListRolePoliciesResponse,
} from '@aws-sdk/client-iam';
import type { DescribeRoleAliasResponse, ListRoleAliasesResponse } from '@aws-sdk/client-iot';
import { type CompiledStatement, compilePolicy } from '../../../../../core/iam/compiled-policy.ts';
import type { PolicyDocument, PolicyStatement } from '../../../../../core/iam/policy-document.ts';
import type { AuditCheck, Auditor, CheckFinding } from './audit-check.ts';
import { broadDataPlaneAccess, broadThingAccess } from './policy-probe.ts';
import { NON_THING_ACTIONS, THING_READ_ACTIONS, THING_WRITE_ACTIONS } from './thing-actions.ts';

const AUDITING_SERVICES: readonly string[] = [
  'iam',
  'cloudtrail',
  'guardduty',
  'inspector',
  'inspector2',
  'trustedadvisor',
];

type Reason = Pick<CheckFinding, 'reason' | 'reasonCode'>;

/** `audit-chk-iot-role-alias-permissive` */
export const roleAliasOverlyPermissive: AuditCheck = async (auditor) => {
  const findings: CheckFinding[] = [];
  let totalResources = 0;
  let marker: string | undefined;
  do {
    const page: ListRoleAliasesResponse = await auditor.call('iot', 'ListRoleAliases', { pageSize: 250, marker });
    for (const roleAlias of page.roleAliases ?? []) {
      totalResources += 1;
      const { roleAliasDescription } = await auditor.call<DescribeRoleAliasResponse>('iot', 'DescribeRoleAlias', {
        roleAlias,
      });
      const { roleArn, roleAliasArn } = roleAliasDescription ?? {};
      const documents = await policiesOf(auditor, roleArn?.split('/').at(-1));
      for (const reason of reasonsAgainst(auditor, documents)) {
        findings.push({
          resource: { resourceType: 'ROLE_ALIAS', resourceIdentifier: { roleAliasArn } },
          relatedResources: [{ resourceType: 'IAM_ROLE', resourceIdentifier: { iamRoleArn: roleArn } }],
          ...reason,
        });
      }
    }
    marker = page.nextMarker;
  } while (marker !== undefined);
  return { totalResources, findings };
};

async function policiesOf(auditor: Auditor, RoleName: string | undefined): Promise<PolicyDocument[]> {
  const documents: PolicyDocument[] = [];
  const add = (encoded: string | undefined): void => {
    if (encoded !== undefined) documents.push(JSON.parse(decodeURIComponent(encoded)) as PolicyDocument);
  };
  const inline = await auditor.call<ListRolePoliciesResponse>('iam', 'ListRolePolicies', { RoleName, MaxItems: 1000 });
  for (const PolicyName of inline.PolicyNames ?? []) {
    add((await auditor.call<GetRolePolicyResponse>('iam', 'GetRolePolicy', { RoleName, PolicyName })).PolicyDocument);
  }
  const attached = await auditor.call<ListAttachedRolePoliciesResponse>('iam', 'ListAttachedRolePolicies', {
    RoleName,
    MaxItems: 1000,
  });
  for (const { PolicyArn } of attached.AttachedPolicies ?? []) {
    const { Policy } = await auditor.call<GetPolicyResponse>('iam', 'GetPolicy', { PolicyArn });
    const { PolicyVersion } = await auditor.call<GetPolicyVersionResponse>('iam', 'GetPolicyVersion', {
      PolicyArn,
      VersionId: Policy?.DefaultVersionId,
    });
    add(PolicyVersion?.Document);
  }
  return documents;
}

/**
 * All reasons that hold. Which services a role alias has used is not recorded here, so that administrative permissions
 * count whatever service they are to.
 */
function reasonsAgainst(auditor: Auditor, documents: readonly PolicyDocument[]): Reason[] {
  const statements = documents.flatMap((document) => compilePolicy(document, 'identity').statements);
  const raw = documents.flatMap(({ Statement }) => [Statement].flat()).filter(({ Effect }) => Effect === 'Allow');
  const candidates: readonly (readonly [reasonCode: string, what: string, found: string | undefined])[] = [
    ['ALLOWS_BROAD_ACCESS_TO_USED_SERVICES', 'administrative permissions to services', administered(raw)],
    ['ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES', 'access to security auditing services', audited(raw)],
    [
      'ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS',
      'broad access to read thing administrative data',
      broadThingAccess(auditor.account, statements, THING_READ_ACTIONS),
    ],
    [
      'ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS',
      'access to IoT actions that manage no things',
      granted(statements, NON_THING_ACTIONS),
    ],
    [
      'ALLOWS_ACCESS_TO_IOT_THING_ADMIN_WRITE_ACTIONS',
      'access to IoT actions that manage things',
      granted(statements, THING_WRITE_ACTIONS),
    ],
    [
      'ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS',
      'broad access to IoT data plane actions',
      broadDataPlaneAccess(auditor.account, statements),
    ],
  ];
  return candidates.flatMap(([reasonCode, what, found]) =>
    found === undefined ? [] : [{ reasonCode, reason: `Role policies allow ${what}: [${found}].` }],
  );
}

/** Permission "on even a single resource is considered noncompliant". */
function granted(statements: readonly CompiledStatement[], actions: readonly string[]): string | undefined {
  return actions.find((action) =>
    statements.some(({ effect, matchesAction }) => effect === 'Allow' && matchesAction(action)),
  );
}

function administered(statements: readonly PolicyStatement[]): string | undefined {
  return statements
    .map(({ Action, NotAction }) =>
      NotAction === undefined ? [Action ?? []].flat().find((action) => /^([^:]+:)?\*$/.test(action)) : '*',
    )
    .find((action) => action !== undefined);
}

function audited(statements: readonly PolicyStatement[]): string | undefined {
  return AUDITING_SERVICES.find((service) =>
    statements.some(({ Action, NotAction }) => {
      if (NotAction !== undefined) return ![NotAction].flat().some((action) => action.toLowerCase() === `${service}:*`);
      return [Action ?? []].flat().some((action) => action === '*' || action.toLowerCase().startsWith(`${service}:`));
    }),
  );
}
