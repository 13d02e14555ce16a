import { css } from 'lit';

/** Fields: a `.field` holds label, control, `.hint` and `.error`. */
export const forms = css`
  .field {
    display: grid;
    gap: 6px;
    min-width: 0;
  }
  .field > label,
  .label {
    font-size: var(--cf-text-s);
    font-weight: 580;
  }
  .hint {
    font-size: var(--cf-text-s);
    color: var(--cf-muted);
  }
  .error {
    font-size: var(--cf-text-s);
    color: var(--cf-bad);
  }
  input:not([type='checkbox'], [type='radio'], [type='file']),
  select,
  textarea {
    width: 100%;
    min-width: 0;
    min-height: 40px;
    padding: 8px 12px;
    border: 1px solid var(--cf-line-strong);
    border-radius: var(--cf-radius);
    background: var(--cf-surface);
    color: var(--cf-ink);
    font: inherit;
    font-size: var(--cf-text);
  }
  textarea {
    resize: vertical;
    line-height: 1.5;
  }
  textarea.mono {
    font-family: var(--cf-mono);
    font-size: var(--cf-text-s);
  }
  input[readonly] {
    background: var(--cf-sunken);
    color: var(--cf-muted);
  }
  input::placeholder,
  textarea::placeholder {
    color: var(--cf-muted);
    opacity: 1;
  }
  input:focus-visible,
  select:focus-visible,
  textarea:focus-visible {
    outline-offset: -1px;
    border-radius: var(--cf-radius);
  }
  [aria-invalid='true'] {
    border-color: var(--cf-bad) !important;
  }
  @media (pointer: coarse) {
    input:not([type='checkbox'], [type='radio'], [type='file']),
    select,
    textarea {
      font-size: 16px;
    }
  }
`;
