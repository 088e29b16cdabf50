import { deltaOf } from './delta-of.ts';
import { metadataOf } from './merge-section.ts';
import type { SectionDocument, ShadowDocument } from './shadow-document.ts';
import { toSeconds } from './shadow-document.ts';
import type { ShadowError } from './shadow-error.ts';
import type { UpdateRequest } from './update-request.ts';

/**
 * Payloads of the Device Shadow service (developer guide, `device-shadow-document`, "Response state documents"), put
 * together from JSON that is written already. Timestamps are seconds, `now` is in ms.
 */

/** `/update/accepted`: the fields of the request, with their timestamps. */
export function updateAccepted(request: UpdateRequest, version: number, now: number): Buffer {
  const timestamp = toSeconds(now);
  const stamp = { timestamp };
  const state: string[] = [];
  const metadata: string[] = [];
  for (const name of ['desired', 'reported'] as const) {
    const section = request[name];
    if (section === undefined) continue;
    state.push(`"${name}":${JSON.stringify(section)}`);
    metadata.push(`"${name}":${JSON.stringify(metadataOf(section, stamp))}`);
  }
  return Buffer.from(
    `{"state":{${state.join()}},"metadata":{${metadata.join()}},"version":${version},"timestamp":${timestamp}${tokenMember(request.clientToken)}}`,
  );
}

/** `/update/delta`; undefined when desired and reported do not differ. */
export function updateDelta(shadow: ShadowDocument, clientToken: string | undefined, now: number): Buffer | undefined {
  const delta = deltaOf(shadow.desired, shadow.reported);
  if (delta === undefined) return undefined;
  const whole = delta === shadow.desired ? shadow.desired : undefined;
  const state = whole?.stateJson ?? JSON.stringify(delta.state);
  const metadata = whole?.metadataJson ?? JSON.stringify(delta.metadata);
  return Buffer.from(
    `{"version":${shadow.version},"timestamp":${toSeconds(now)},"state":${state},"metadata":${metadata}${tokenMember(clientToken)}}`,
  );
}

/** `/update/documents`. `before` is undefined for a shadow that is new: then there is no `previous`. */
export function updateDocuments(
  before: ShadowDocument | undefined,
  current: ShadowDocument,
  clientToken: string | undefined,
  now: number,
): Buffer {
  const previous = before === undefined ? '' : `"previous":${versionOf(before)},`;
  return Buffer.from(
    `{${previous}"current":${versionOf(current)},"timestamp":${toSeconds(now)}${tokenMember(clientToken)}}`,
  );
}

/** `/get/accepted` and the answer of GetThingShadow. "The delta contains metadata" like `desired` ("Delta state"). */
export function getAccepted(shadow: ShadowDocument, clientToken: string | undefined, now: number): Buffer {
  const delta = deltaOf(shadow.desired, shadow.reported);
  const state = sectionsOf(shadow, 'stateJson');
  const metadata = sectionsOf(shadow, 'metadataJson');
  if (delta !== undefined) {
    state.push(`"delta":${JSON.stringify(delta.state)}`);
    metadata.push(`"delta":${JSON.stringify(delta.metadata)}`);
  }
  return Buffer.from(
    `{"state":{${state.join()}},"metadata":{${metadata.join()}},"version":${shadow.version},"timestamp":${toSeconds(now)}${tokenMember(clientToken)}}`,
  );
}

/** `/delete/accepted`: the version is the one that was deleted. */
export function deleteAccepted(version: number, clientToken: string | undefined, now: number): Buffer {
  return Buffer.from(`{"version":${version},"timestamp":${toSeconds(now)}${tokenMember(clientToken)}}`);
}

/**
 * `/rejected`. The guide's examples of 404 (`using-device-shadows`) and 409 (`device-shadow-data-flow`) have no timestamp:
 * "This property is not present in all error response documents".
 */
export function rejected({ code, message }: ShadowError, clientToken: string | undefined, now: number): Buffer {
  const timestamp = code === 404 || code === 409 ? '' : `,"timestamp":${toSeconds(now)}`;
  return Buffer.from(`{"code":${code},"message":${JSON.stringify(message)}${timestamp}${tokenMember(clientToken)}}`);
}

function versionOf(shadow: ShadowDocument): string {
  return `{"state":{${sectionsOf(shadow, 'stateJson').join()}},"metadata":{${sectionsOf(shadow, 'metadataJson').join()}},"version":${shadow.version}}`;
}

function sectionsOf(shadow: ShadowDocument, json: 'stateJson' | 'metadataJson'): string[] {
  const sections: string[] = [];
  const add = (name: string, section: SectionDocument | undefined): void => {
    if (section !== undefined) sections.push(`"${name}":${section[json]}`);
  };
  add('desired', shadow.desired);
  add('reported', shadow.reported);
  return sections;
}

function tokenMember(clientToken: string | undefined): string {
  return clientToken === undefined ? '' : `,"clientToken":${JSON.stringify(clientToken)}`;
}
