import { css } from 'lit';

/** What each element's shadow starts from: boxes, words, links, focus. */
export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
  }
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h1 {
    font-size: var(--cf-text-xl);
    line-height: 1.2;
    font-weight: 650;
    letter-spacing: -0.02em;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }
  h2 {
    font-size: var(--cf-text-l);
    line-height: 1.3;
    font-weight: 620;
    letter-spacing: -0.012em;
  }
  h3 {
    font-size: var(--cf-text);
    font-weight: 620;
  }
  a {
    color: var(--cf-accent);
    text-underline-offset: 3px;
    text-decoration-thickness: 1px;
  }
  :focus-visible {
    outline: 2px solid var(--cf-accent);
    outline-offset: 2px;
    border-radius: var(--cf-radius-s);
  }
  code,
  pre,
  .mono {
    font-family: var(--cf-mono);
    font-size: 0.88em;
  }
  .num {
    font-variant-numeric: tabular-nums;
  }
  .muted {
    color: var(--cf-muted);
  }
  .small {
    font-size: var(--cf-text-s);
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .card {
    background: var(--cf-surface);
    border: 1px solid var(--cf-line);
    border-radius: var(--cf-radius-l);
    box-shadow: var(--cf-shadow);
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 0.01ms !important;
      animation-iteration-count: 1 !important;
      transition-duration: 0.01ms !important;
    }
  }
`;

/**
 * Buttons: `.button`, with `primary`, `danger`, `quiet`, `icon`, `small`. 44 px high on a touch
 * screen.
 */
export const buttons = css`
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--cf-2);
    min-height: 38px;
    padding: 0 var(--cf-4);
    border: 1px solid var(--cf-line);
    border-radius: var(--cf-radius);
    background: var(--cf-surface);
    color: var(--cf-ink);
    font: 550 var(--cf-text) / 1 var(--cf-font);
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
    transition:
      background var(--cf-quick),
      border-color var(--cf-quick);
  }
  .button:hover {
    background: var(--cf-hover);
    border-color: var(--cf-line-strong);
  }
  .button:focus-visible {
    border-radius: var(--cf-radius);
  }
  .button.primary {
    background: var(--cf-accent);
    border-color: transparent;
    color: var(--cf-on-accent);
  }
  .button.primary:hover {
    background: var(--cf-accent-strong);
  }
  .button.danger {
    color: var(--cf-bad);
  }
  .button.danger:hover {
    background: var(--cf-bad-soft);
    border-color: var(--cf-bad);
  }
  .button.quiet {
    background: transparent;
    border-color: transparent;
  }
  .button.quiet:hover {
    background: var(--cf-hover);
  }
  .button.small {
    min-height: 32px;
    padding: 0 var(--cf-3);
    font-size: var(--cf-text-s);
    border-radius: 8px;
  }
  .button.icon {
    width: 38px;
    padding: 0;
  }
  .button.icon.small {
    width: 32px;
  }
  .button:disabled,
  .button[aria-disabled='true'],
  .button[aria-disabled='true']:hover {
    background: var(--cf-sunken);
    border-color: var(--cf-line);
    color: var(--cf-muted);
    cursor: not-allowed;
  }
  @media (pointer: coarse) {
    .button {
      min-height: 44px;
    }
    .button.icon {
      width: 44px;
    }
    .button.small {
      min-height: 40px;
    }
  }
`;

/** A notice inside the page: `.notice` with `bad`, `wait`, `good`, `busy`. */
export const notices = css`
  .notice {
    display: flex;
    align-items: flex-start;
    gap: var(--cf-3);
    padding: var(--cf-3) var(--cf-4);
    border-radius: var(--cf-radius);
    background: var(--cf-sunken);
    font-size: var(--cf-text);
  }
  .notice > cf-icon {
    margin-top: 2px;
    flex: none;
  }
  .notice > div {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .notice.bad {
    background: var(--cf-bad-soft);
  }
  .notice.bad > cf-icon {
    color: var(--cf-bad);
  }
  .notice.wait {
    background: var(--cf-wait-soft);
  }
  .notice.wait > cf-icon {
    color: var(--cf-wait);
  }
  .notice.good {
    background: var(--cf-good-soft);
  }
  .notice.good > cf-icon {
    color: var(--cf-good);
  }
  .notice.busy {
    background: var(--cf-busy-soft);
  }
  .notice.busy > cf-icon {
    color: var(--cf-busy);
  }
`;
