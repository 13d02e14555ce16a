import { css } from 'lit';

/** Rows of models, all of one height, and the cards of those that need somebody. */
export const modelRows = css`
  :host {
    --row-height: 68;
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

  @media (max-width: 940px) {
    :host {
      --row-height: 104;
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
