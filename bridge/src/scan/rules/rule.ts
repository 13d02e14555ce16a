import type { Severity, Verdict } from '../types.ts';

export interface Rule {
  severity: Severity;
  verdict: Verdict;
  why: string;
  remedy: string;
  /** what docs/scan-rules.md says besides */
  more?: string;
}

/** Rules about one thing: a section of docs/scan-rules.md. */
export interface RuleArea {
  title: string;
  about: string;
  rules: Record<string, Rule>;
}

export const block = (severity: Severity, why: string, remedy: string, more?: string): Rule => ({
  severity,
  verdict: 'block',
  why,
  remedy,
  ...(more === undefined ? {} : { more }),
});
export const review = (severity: Severity, why: string, remedy: string, more?: string): Rule => ({
  severity,
  verdict: 'review',
  why,
  remedy,
  ...(more === undefined ? {} : { more }),
});

/** Told and passed: worth knowing, nothing to stop for. */
export const note = (severity: Severity, why: string, remedy: string, more?: string): Rule => ({
  severity,
  verdict: 'pass',
  why,
  remedy,
  ...(more === undefined ? {} : { more }),
});

export const RESAVE = 'Save the model again with the library that made it and upload that file.';
export const SAFETENSORS = 'Save the weights as safetensors; that format cannot hold code.';
