import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const slate: MantineColorsTuple = [
  '#d9dde5', '#b6bcc9', '#949caa', '#7b8494', '#3a414e', '#2b313c', '#1f242d', '#171b22', '#11141a', '#0c0e12',
];
const signal: MantineColorsTuple = [
  '#e9f1ff', '#cfe0ff', '#aecbff', '#94b9ff', '#7fabff', '#6a9bf7', '#4c7fe0', '#3566c4', '#2a529f', '#20407d',
];

/** Dense and quiet: 13 px type in the workstation, 14 px in the office, one accent. */
export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  defaultRadius: 3,
  primaryColor: 'signal',
  primaryShade: { light: 8, dark: 7 },
  colors: { dark: slate, signal },
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'compact-md', variant: 'default', fw: 500, fz: 13 } },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', checkIconPosition: 'right' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false } },
    Menu: { defaultProps: { transitionProps: { duration: 0 } } },
  },
});

/** Our own names for what the pages paint with; components never name a raw colour. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  dark: {
    '--surface-0': '#0c0e12',
    '--surface-1': '#11141a',
    '--surface-2': '#171b22',
    '--surface-3': '#1f242d',
    '--hairline': '#262c37',
    '--text-1': '#d9dde5',
    '--text-2': '#98a1b0',
    '--accent': '#7fabff',
    '--accent-quiet': '#1a2740',
    '--danger': '#ff7b7b',
    '--person': '#f2b84b',
    '--settled': '#5fc98a',
    '--mantine-color-body': '#0c0e12',
    '--mantine-color-dimmed': '#98a1b0',
    '--mantine-color-error': '#ff7b7b',
    '--mantine-color-placeholder': '#8891a0',
  },
  light: {
    '--surface-0': '#f6f7f9',
    '--surface-1': '#ffffff',
    '--surface-2': '#eef0f4',
    '--surface-3': '#e4e8ee',
    '--hairline': '#d3d8e0',
    '--text-1': '#1a1f29',
    '--text-2': '#535c6b',
    '--accent': '#2a529f',
    '--accent-quiet': '#dbe7ff',
    '--danger': '#b3261e',
    '--person': '#805300',
    '--settled': '#14693a',
    '--mantine-color-body': '#f6f7f9',
    '--mantine-color-dimmed': '#535c6b',
    '--mantine-color-placeholder': '#616a78',
  },
});
