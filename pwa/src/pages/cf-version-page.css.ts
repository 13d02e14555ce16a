import { css } from 'lit';

export const versionPage = css`
  .notice.wait.small {
    margin-bottom: var(--cf-4);
  }
  .head {
    display: flex;
    justify-content: space-between;
    align-items: flex-start;
    gap: var(--cf-4) var(--cf-6);
    margin-bottom: var(--cf-5);
  }
  .title {
    min-width: 0;
  }
  .crumbs {
    display: flex;
    align-items: center;
    gap: var(--cf-1);
    margin-bottom: var(--cf-2);
  }
  .crumbs a {
    color: var(--cf-muted);
    text-decoration: none;
    overflow-wrap: anywhere;
  }
  .crumbs a:hover {
    text-decoration: underline;
  }
  .crumbs cf-icon {
    font-size: 11px;
    color: var(--cf-muted);
  }
  h1 .num {
    font-weight: 480;
    color: var(--cf-muted);
  }
  .sub {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--cf-2) var(--cf-3);
    margin-top: var(--cf-3);
  }
  .actions {
    max-width: 520px;
    padding-top: 26px;
  }
  .actions .row {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: var(--cf-2);
  }
  .refused {
    display: grid;
    gap: 2px;
    margin-top: var(--cf-2);
    text-align: right;
  }
  .refused b {
    font-weight: 560;
  }
  .road {
    padding: var(--cf-5);
    margin-bottom: var(--cf-5);
  }
  .road {
    display: flex;
    flex-direction: column;
  }
  #answer {
    margin-top: var(--cf-5);
    align-items: center;
  }
  #answer > cf-icon {
    margin: 0;
  }
  .answers {
    display: flex;
    flex: none !important;
    flex-wrap: wrap;
    gap: var(--cf-2);
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 352px;
    align-items: start;
    gap: var(--cf-5);
  }
  .tabs {
    display: flex;
    gap: var(--cf-1);
    margin-bottom: var(--cf-3);
    overflow-x: auto;
    scrollbar-width: none;
    padding: 2px;
  }
  .tabs button {
    padding: 7px 12px;
    border: 0;
    border-radius: var(--cf-radius);
    background: none;
    color: var(--cf-muted);
    font: 560 var(--cf-text) / 1.4 var(--cf-font);
    white-space: nowrap;
    cursor: pointer;
  }
  .tabs button:hover {
    background: var(--cf-hover);
    color: var(--cf-ink);
  }
  .tabs button[aria-selected='true'] {
    background: light-dark(#ebebe7, #26292e);
    color: var(--cf-ink);
  }
  .count {
    margin-left: 6px;
    color: var(--cf-muted);
    font-weight: 480;
  }
  .panel {
    min-height: 160px;
    overflow: hidden;
  }
  @media (max-width: 1040px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @media (max-width: 820px) {
    /* on a phone what is asked comes before the picture of it */
    #answer {
      order: -1;
      margin: 0 0 var(--cf-5);
    }
    .head {
      flex-direction: column;
    }
    .actions {
      max-width: none;
      padding: 0;
      width: 100%;
    }
    .actions .row {
      justify-content: flex-start;
    }
    .refused {
      text-align: left;
    }
  }
  @media (max-width: 520px) {
    .road {
      padding: var(--cf-4);
    }
    .actions .button {
      flex: 1 1 auto;
    }
    #answer {
      flex-wrap: wrap;
    }
    #answer > div:not(.answers) {
      flex-basis: calc(100% - 40px);
    }
    .answers {
      width: 100%;
    }
    .answers .button {
      flex: 1;
    }
  }
`;
