import type { JsonObject, Shadow, ShadowSection } from '../../../core/shadows.ts';
import { mergeSection } from './merge-section.ts';
import type { UpdateRequest } from './update-request.ts';

/** A section with its JSON, written once however often it is stored and published. */
export interface SectionDocument extends ShadowSection {
  readonly stateJson: string;
  readonly metadataJson: string;
}

/** A shadow as this service holds it. */
export interface ShadowDocument extends Shadow {
  readonly desired: SectionDocument | undefined;
  readonly reported: SectionDocument | undefined;
}

export interface ShadowId {
  readonly thingName: string;
  readonly shadowName: string | undefined;
}

/**
 * The shadow after an update; sections that the request does not name are those of before.
 *
 * @param version of the shadow before, or of a deleted one of the name
 * @param now ms since the epoch
 */
export function updatedShadow(
  id: ShadowId,
  before: ShadowDocument | undefined,
  version: number,
  request: UpdateRequest,
  now: number,
): ShadowDocument {
  const timestamp = toSeconds(now);
  return {
    thingName: id.thingName,
    shadowName: id.shadowName,
    version: version + 1,
    updatedAt: now,
    desired: updatedSection(before?.desired, request.desired, timestamp),
    reported: updatedSection(before?.reported, request.reported, timestamp),
  };
}

/** Bytes that count towards the document's limit: "only the data for desired and reported state" (`diagnosing-shadows`). */
export function documentBytes({ desired, reported }: ShadowDocument): number {
  const bytes = (section: SectionDocument | undefined): number =>
    section === undefined ? 0 : Buffer.byteLength(section.stateJson);
  return bytes(desired) + bytes(reported);
}

export function sectionDocument({ state, metadata }: ShadowSection): SectionDocument {
  return { state, metadata, stateJson: JSON.stringify(state), metadataJson: JSON.stringify(metadata) };
}

export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function updatedSection(
  before: SectionDocument | undefined,
  patch: JsonObject | null | undefined,
  timestamp: number,
): SectionDocument | undefined {
  if (patch === undefined) return before;
  const merged = mergeSection(before, patch, timestamp);
  return merged === undefined ? undefined : sectionDocument(merged);
}
