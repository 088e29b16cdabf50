import type { Shadow, ShadowSection } from '../../../../core/shadows.ts';
import type { ActiveViolation } from '../../../../core/violations.ts';
import type { ConnectivityRecord } from '../connectivity.ts';

/** Which data sources the index of things has (developer guide, `managing-index`). */
export interface ThingSources {
  readonly classicShadow: boolean;
  readonly namedShadows: readonly string[];
  readonly connectivity: boolean;
  readonly violations: boolean;
}

/** Where a thing's data comes from, besides its record. */
export interface ThingData {
  /** "Thing group and billing group names" (API ThingDocument). */
  groupsOf(thingName: string): readonly string[];
  shadowOf(thingName: string, shadowName: string | undefined): Shadow | undefined;
  deltaOf(shadow: Shadow): ShadowSection | undefined;
  violationsOf(thingName: string): readonly ActiveViolation[];
  connectivityOf(thingName: string): ConnectivityRecord;
}
