import { css } from 'lit';

export const list = css`
  .head {
    display: flex;
    align-items: baseline;
    gap: var(--cf-3);
    margin-bottom: var(--cf-5);
  }
  .tools {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 210px 170px;
    gap: var(--cf-3);
    margin-bottom: var(--cf-5);
  }
  .find {
    position: relative;
  }
  .find cf-icon {
    position: absolute;
    left: 12px;
    top: 11px;
    color: var(--cf-muted);
  }
  .find input {
    padding: 8px 40px 8px 38px !important;
  }
  .find kbd {
    position: absolute;
    right: 10px;
    top: 9px;
    padding: 1px 8px;
    border: 1px solid var(--cf-line);
    border-radius: var(--cf-radius-s);
    font: 500 var(--cf-text-xs) / 18px var(--cf-font);
    color: var(--cf-muted);
    pointer-events: none;
  }
  .find:focus-within kbd {
    visibility: hidden;
  }
  .tools input,
  .tools select {
    border-color: var(--cf-line) !important;
  }
  .tools input:hover,
  .tools select:hover {
    border-color: var(--cf-line-strong) !important;
  }
  section {
    margin-bottom: var(--cf-6);
  }
  h2 {
    margin-bottom: var(--cf-3);
    font-size: var(--cf-text);
  }
  .notice {
    margin-bottom: var(--cf-4);
  }

  .nothing {
    display: grid;
    justify-items: center;
    gap: var(--cf-4);
    padding: var(--cf-7) var(--cf-4);
    text-align: center;
  }
  .empty {
    display: grid;
    justify-items: center;
    gap: var(--cf-3);
    max-width: 640px;
    margin: 8vh auto 0;
    padding: var(--cf-8) var(--cf-5);
    border: 1.5px dashed var(--cf-line-strong);
    border-radius: var(--cf-radius-l);
    text-align: center;
  }
  .empty > cf-icon {
    font-size: 32px;
    color: var(--cf-accent);
  }
  .empty h2 {
    margin: 0;
    font-size: var(--cf-text-xl);
  }
  .empty p {
    max-width: 44ch;
    margin-bottom: var(--cf-3);
    text-wrap: balance;
  }
  .empty.over {
    border-color: var(--cf-accent);
    background: var(--cf-accent-soft);
  }

  @media (max-width: 940px) {
    .tools {
      grid-template-columns: 1fr 1fr;
    }
    .find {
      grid-column: 1 / -1;
    }
  }
`;
