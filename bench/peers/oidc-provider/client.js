// The one client, and the one resource server that it asks for.
export const CLIENT = 'bench'
export const CALLBACK = 'https://app.example/callback'
export const API = 'urn:example:api'
