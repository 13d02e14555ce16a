import { css } from 'lit';

export const list = css`
  :host {
    --row-height: 68;
  }
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

  .needs {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr));
    gap: var(--cf-3);
  }
  .need {
    position: relative;
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    gap: var(--cf-2);
    padding: var(--cf-4);
    transition: border-color var(--cf-quick);
  }
  .need:hover {
    border-color: var(--cf-line-strong);
  }
  .need > a {
    color: var(--cf-ink);
    font-weight: 620;
    text-decoration: none;
  }
  .need > a::after,
  .row .name::after {
    content: '';
    position: absolute;
    inset: 0;
    border-radius: inherit;
  }
  .reason {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    overflow-wrap: anywhere;
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--cf-2) var(--cf-3);
    margin-top: auto;
    padding-top: var(--cf-1);
  }

  .rows {
    height: calc(var(--total) * var(--row-height) * 1px + 2px);
    padding-top: calc(var(--before, 0) * var(--row-height) * 1px);
    overflow: clip;
  }
  .rows[aria-busy='true'] {
    height: auto;
  }
  .row {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1.3fr) minmax(0, 1.5fr) 116px minmax(0, 0.8fr) minmax(0, 1fr);
    grid-template-areas: 'name newest dots live when' 'team newest dots live when';
    align-content: center;
    align-items: center;
    column-gap: var(--cf-4);
    height: calc(var(--row-height) * 1px);
    padding: 0 var(--cf-5);
    border-bottom: 1px solid var(--cf-line);
    contain: strict;
  }
  .row:hover {
    background: var(--cf-hover);
  }
  .row:focus-within {
    z-index: 1;
  }
  .name {
    grid-area: name;
    align-self: end;
    color: var(--cf-ink);
    font-weight: 600;
    text-decoration: none;
  }
  .row .name:focus-visible {
    outline: none;
  }
  .row .name:focus-visible::after {
    outline: 2px solid var(--cf-accent);
    outline-offset: -3px;
    border-radius: var(--cf-radius);
  }
  .name,
  .team,
  .who,
  .live,
  .ver {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .team {
    grid-area: team;
    align-self: start;
  }
  .newest {
    grid-area: newest;
    display: flex;
    align-items: center;
    gap: var(--cf-3);
    min-width: 0;
  }
  .ver {
    min-width: 48px;
  }
  .dots {
    grid-area: dots;
  }
  .live {
    grid-area: live;
  }
  .live a {
    position: relative;
    color: var(--cf-good);
    font-weight: 560;
  }
  .when {
    grid-area: when;
    display: grid;
    text-align: right;
    white-space: nowrap;
  }
  .ghost {
    grid-area: name;
    height: 14px;
    width: 60%;
    border-radius: 7px;
    background: var(--cf-sunken);
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
    :host {
      --row-height: 104;
    }
    .tools {
      grid-template-columns: 1fr 1fr;
    }
    .find {
      grid-column: 1 / -1;
    }
    .row {
      grid-template-columns: minmax(0, 1fr) auto;
      grid-template-areas: 'name when' 'newest newest' 'dots live';
      row-gap: 5px;
      padding: 0 var(--cf-4);
    }
    .team {
      display: none;
    }
    .who {
      display: none;
    }
    .live {
      text-align: right;
    }
  }
`;
