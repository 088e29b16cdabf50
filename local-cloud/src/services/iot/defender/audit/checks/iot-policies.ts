import type { GetPolicyResponse, ListPoliciesResponse, NonCompliantResource } from '@aws-sdk/client-iot';
import type { PolicyDocument } from '../../../../../core/iam/policy-document.ts';
import { compileIotPolicy } from '../../../policy-evaluation/compile-iot-policy.ts';
import type { AuditCheck, Auditor, CheckFinding } from './audit-check.ts';
import { type Misconfiguration, misconfigurationsOf } from './policy-misconfiguration.ts';
import { broadDataPlaneAccess } from './policy-probe.ts';

/** `audit-chk-iot-policy-permissive` */
export const iotPolicyOverlyPermissive: AuditCheck = (auditor) =>
  survey(auditor, ({ policyDocument }) => {
    const broad = broadDataPlaneAccess(auditor.account, compileIotPolicy(policyDocument ?? '').statements);
    if (broad === undefined) return [];
    return [
      {
        reasonCode: 'ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS',
        reason: `Policy allows broad access to IoT data plane actions: [${broad}].`,
      },
    ];
  });

const MISCONFIGURATIONS: Readonly<Record<Misconfiguration, string>> = {
  POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT: 'Policy contains MQTT wildcards in a deny statement.',
  TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS:
    'Topic filters that are intended to be denied are allowed using wildcards.',
};

/** `audit-chk-iot-misconfigured-policies` */
export const iotPolicyPotentialMisconfiguration: AuditCheck = (auditor) =>
  survey(auditor, ({ policyDocument }) => {
    const text = policyDocument ?? '';
    const { statements } = compileIotPolicy(text);
    return misconfigurationsOf(JSON.parse(text) as PolicyDocument, statements).map((reasonCode) => ({
      reasonCode,
      reason: MISCONFIGURATIONS[reasonCode],
    }));
  });

type Reason = Pick<CheckFinding, 'reason' | 'reasonCode'>;

/** Looks at the default version of every policy: the operative one. */
async function survey(auditor: Auditor, examine: (policy: GetPolicyResponse) => Reason[]) {
  const findings: CheckFinding[] = [];
  let totalResources = 0;
  let marker: string | undefined;
  do {
    const page: ListPoliciesResponse = await auditor.call('iot', 'ListPolicies', { pageSize: 250, marker });
    for (const { policyName } of page.policies ?? []) {
      totalResources += 1;
      const policy = await auditor.call<GetPolicyResponse>('iot', 'GetPolicy', { policyName });
      const resource: NonCompliantResource = {
        resourceType: 'IOT_POLICY',
        resourceIdentifier: {
          policyVersionIdentifier: { policyName, policyVersionId: policy.defaultVersionId },
        },
      };
      for (const reason of examine(policy)) findings.push({ resource, ...reason });
    }
    marker = page.nextMarker;
  } while (marker !== undefined);
  return { totalResources, findings };
}
