import type { DeploymentOutcome } from '../../deployment/deployment-record.ts';
import type { NucleusErrorCode } from '../../nucleus-error.ts';
import type { DeploymentReport } from './cloud-deployment.ts';

/** Error codes from the general to the special, and their types (developer guide, "Detailed deployment error codes"). */
const ERRORS: Readonly<Partial<Record<NucleusErrorCode, readonly [stack: readonly string[], type: string]>>> = {
  ARTIFACT_INVALID: [['ARTIFACT_DOWNLOAD_ERROR'], 'DEPENDENCY_ERROR'],
  CONFIGURATION_INVALID: [['COMPONENT_PACKAGE_LOADING_ERROR'], 'COMPONENT_ERROR'],
  DEPENDENCY_UNMET: [['NO_AVAILABLE_COMPONENT_VERSION', 'COMPONENT_VERSION_REQUIREMENTS_NOT_MET'], 'REQUEST_ERROR'],
  DEPLOYMENT_FAILED: [['COMPONENT_CONFIGURATION_VALIDATION_ERROR'], 'USER_COMPONENT_ERROR'],
  DEPLOYMENT_INVALID: [['DEPLOYMENT_DOCUMENT_NOT_VALID'], 'REQUEST_ERROR'],
  NOT_ALLOWED: [['CLOUD_API_ERROR', 'ACCESS_DENIED'], 'PERMISSION_ERROR'],
  NO_MANIFEST: [['NO_AVAILABLE_COMPONENT_VERSION', 'CLOUD_API_ERROR'], 'COMPONENT_RECIPE_ERROR'],
  RECIPE_INVALID: [['COMPONENT_PACKAGE_LOADING_ERROR', 'RECIPE_PARSE_ERROR'], 'COMPONENT_RECIPE_ERROR'],
};

/** How a deployment ended, as the cloud is told (nucleus, `DeploymentService.finishCurrentDeployment`). */
export function reportOf(head: Omit<DeploymentReport, 'status'>, outcome: DeploymentOutcome): DeploymentReport {
  const { code, reason, status: detailedStatus } = outcome;
  if (detailedStatus === 'SUCCESSFUL') return { ...head, status: 'SUCCEEDED', detailedStatus };
  const broken: (typeof ERRORS)['RECIPE_INVALID'] = [
    ['COMPONENT_UPDATE_ERROR', 'COMPONENT_BROKEN'],
    'USER_COMPONENT_ERROR',
  ];
  const [stack, type] = (code === undefined ? broken : ERRORS[code]) ?? [[], 'NUCLEUS_ERROR'];
  return {
    ...head,
    status: 'FAILED',
    detailedStatus,
    ...(reason !== undefined && { failureCause: reason }),
    errorStack: ['DEPLOYMENT_FAILURE', ...stack],
    errorTypes: [type],
  };
}
